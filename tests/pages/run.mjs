// Runs the program in this process, and in two pages of a browser: `node run.mjs DIRECTORY_OF_THE_PROGRAM [BROWSER]`.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { checks } from './checks.mjs';

const [directory, browser] = process.argv.slice(2);
const here = import.meta.dirname ?? new URL('.', import.meta.url).pathname;
const files = {
    '/page.html': [join(here, 'page.html'), 'text/html'],
    '/page.mjs': [join(here, 'page.mjs'), 'text/javascript'],
    '/checks.mjs': [join(here, 'checks.mjs'), 'text/javascript'],
    '/pages.js': [join(directory, 'pages.js'), 'text/javascript'],
    '/pages_bg.wasm': [join(directory, 'pages_bg.wasm'), 'application/wasm'],
};

// A server on this machine: busy twice for each page, and a path that is always down.
const asked = new Map();
const reports = new Map();
let reported = () => {};
const server = createServer(async (request, response) => {
    const { pathname, search } = new URL(request.url, 'http://localhost');
    if (pathname === '/busy') {
        asked.set(search, (asked.get(search) ?? 0) + 1);
        response.writeHead(asked.get(search) < 3 ? 503 : 200).end('hello');
    } else if (pathname === '/report') {
        let body = '';
        for await (const chunk of request) body += chunk;
        reports.set(search, JSON.parse(body));
        response.end();
        reported();
    } else if (pathname in files) {
        const [path, type] = files[pathname];
        response.writeHead(200, { 'content-type': type }).end(readFileSync(path));
    } else {
        response.writeHead(503).end();
    }
});
await new Promise((listens) => server.listen(0, '127.0.0.1', listens));
const origin = `http://127.0.0.1:${server.address().port}`;

const program = await import(pathToFileURL(resolve(directory, 'pages.js')));
program.initSync({ module: readFileSync(join(directory, 'pages_bg.wasm')) });
await checks(program, origin, 'node');
assert.equal(asked.get('?node'), 3);
// What was cancelled, dropped or timed out has cleared its timeouts: some were days long.
const left = process.getActiveResourcesInfo().filter((resource) => resource === 'Timeout');
assert.deepEqual(left.length, baseline(), 'timeouts are left');
console.log('runs in Node.js wait on its timer');

// Those of the connections are no timeouts of the program.
function baseline() { return 0; }

if (browser) {
    const profile = mkdtempSync(join(tmpdir(), 'pages-'));
    const flags = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
        '--disable-background-networking', '--disable-component-update', '--disable-sync',
        `--user-data-dir=${profile}`, '--no-proxy-server'];
    const pages = ['?one', '?other'].map((page) => `${origin}/page.html${page}`);
    const child = spawn(browser, [...flags, '--remote-debugging-port=0', ...pages], { stdio: ['ignore', 'ignore', 'pipe'] });
    let said = '';
    child.stderr.on('data', (data) => { said += data; });
    const ended = new Promise((ends) => child.on('exit', ends));
    const both = new Promise((done) => { reported = () => { if (reports.size === 2) done(true); }; });
    let patience;
    const late = new Promise((done) => { patience = setTimeout(done, 60_000, false); });
    const done = await Promise.race([both, late, ended.then(() => false)]);
    clearTimeout(patience);
    child.kill();
    await ended;
    rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
    assert.ok(done, `the browser does not report: ${said}`);
    const [one, other] = ['?one', '?other'].map((page) => reports.get(page));
    for (const page of [one, other]) assert.equal(page.error, undefined);
    assert.notDeepEqual(one.waits, other.waits, 'two pages draw the same');
    for (const page of ['?one', '?other']) assert.equal(asked.get(page), 3);
    console.log(`two pages draw different jitter, and load what is busy twice: ${one.agent}`);
}
server.closeAllConnections();
server.close();
