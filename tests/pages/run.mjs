// Runs the program in this process, and in two pages of a browser: `node run.mjs DIRECTORY_OF_THE_PROGRAM [BROWSER]`.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { checks } from './checks.mjs';

const [directory, browser] = process.argv.slice(2);
const source = fileURLToPath(new URL('.', import.meta.url));
const files = {
    '/page.html': [join(source, 'page.html'), 'text/html'],
    '/page.mjs': [join(source, 'page.mjs'), 'text/javascript'],
    '/checks.mjs': [join(source, 'checks.mjs'), 'text/javascript'],
    '/pages.js': [join(directory, 'pages.js'), 'text/javascript'],
    '/pages_bg.wasm': [join(directory, 'pages_bg.wasm'), 'application/wasm'],
};

// A server on this machine: busy twice for each page, and a path that is always down.
const asked = new Map();
const arrivals = new Map();
const server = createServer(async (request, response) => {
    const { pathname, search } = new URL(request.url, 'http://localhost');
    if (pathname === '/busy') {
        asked.set(search, (asked.get(search) ?? 0) + 1);
        response.writeHead(asked.get(search) < 3 ? 503 : 200).end('hello');
    } else if (pathname === '/report') {
        let body = '';
        for await (const chunk of request) body += chunk;
        response.end();
        arrivals.get(search)(JSON.parse(body));
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
assert.ok(!process.getActiveResourcesInfo().includes('Timeout'), 'a timeout is left');
console.log('runs in Node.js wait on its timer');

// A browser without a window takes one page, so each page has a browser, and a profile, of its own.
async function report(page) {
    const profile = mkdtempSync(join(tmpdir(), 'pages-'));
    const child = spawn(browser, ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
        '--disable-background-networking', '--disable-component-update', '--disable-sync', '--no-proxy-server',
        '--remote-debugging-port=0', `--user-data-dir=${profile}`, `${origin}/page.html${page}`],
    { stdio: ['ignore', 'ignore', 'pipe'] });
    let said = '';
    child.stderr.on('data', (data) => { said += data; });
    const ended = new Promise((ends) => { child.on('exit', ends); child.on('error', ends); });
    let patience;
    const late = new Promise((gives_up) => { patience = setTimeout(gives_up, 120_000); });
    const here = new Promise((arrives) => { arrivals.set(page, arrives); });
    const arrived = await Promise.race([here, late, ended.then(() => undefined)]);
    clearTimeout(patience);
    child.kill();
    await ended;
    rmSync(profile, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
    assert.ok(arrived, `the browser does not report: ${said}`);
    assert.equal(arrived.error, undefined);
    assert.equal(asked.get(page), 3);
    return arrived;
}

if (browser) {
    const [one, other] = await Promise.all(['?one', '?other'].map(report));
    assert.notDeepEqual(one.waits, other.waits, 'two pages draw the same');
    console.log(`two pages draw different jitter, and load what is busy twice: ${one.agent}`);
}
server.closeAllConnections();
server.close();
