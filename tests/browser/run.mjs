// The host of the program whose path is the first argument: time that passes only in sleeps, and random numbers.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';

const module = new WebAssembly.Module(readFileSync(process.argv[2]));
// The program asks its host for nothing else: no other import could be missing in a browser.
assert.ok(WebAssembly.Module.imports(module).every(({ module }) => module === 'host'));

function instance(random) {
    let time = 0;
    let waits = [];
    const host = { now: () => time, sleep: (ms) => { time += ms; waits.push(ms); }, random };
    const { exports } = new WebAssembly.Instance(module, { host });
    return { exports, waits: (run) => { waits = []; assert.equal(run(), 4); return waits; } };
}

const one = instance(Math.random);
const other = instance(Math.random);
for (const form of ['run', 'run_async']) {
    const [waits, others] = [one, other].map((page) => page.waits(page.exports[form]));
    for (const page of [waits, others]) {
        assert.equal(page.length, 3);
        page.forEach((wait, index) => assert.ok(wait >= 0 && wait <= 1000 * 2 ** index, `${page}`));
    }
    assert.notDeepEqual(waits, others, 'two pages draw the same');
}
assert.notEqual(one.exports.backoff(), other.exports.backoff());
assert.notEqual(one.exports.backoff(), one.exports.backoff());

// The numbers come from the host: the same for the same. A seed asks it for none.
const [same, again] = [instance(() => 0.25), instance(() => 0.25)];
assert.deepEqual(same.waits(same.exports.run), again.waits(again.exports.run));
const silent = instance(() => assert.fail('a seeded policy asks for a random number'));
assert.equal(silent.exports.seeded(), one.exports.seeded());
console.log('runs in a browser draw from its random numbers');
