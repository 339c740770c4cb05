// Runs a policy on a real Restate server, and checks that its attempts are those of the configuration:
// `node restate.mjs POLICY WAITS..`, with the policy as JSON under the names of `relent_engines::restate`, and the waits in
// milliseconds without jitter. `.ci/deep restate` installs what this needs beside a copy of this file.

import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

// The SDK needs it, and Node.js has it since version 22.
Promise.withResolvers ??= function () {
    let resolve, reject;
    const promise = new this((a, b) => { resolve = a; reject = b; });
    return { promise, resolve, reject };
};
const restate = await import("@restatedev/restate-sdk");

// Restate lengthens waits by up to this part. The rest is the time that a busy machine may take.
const JITTER = 0.3;
const SLACK = 300;
const LIMIT = 60_000;

const [policy, ...waits] = process.argv.slice(2).map((text) => JSON.parse(text));
const options = {
    initialRetryInterval: policy.initial_delay,
    retryIntervalFactor: policy.exponentiation_factor,
    maxRetryInterval: policy.max_delay,
    maxRetryDuration: policy.max_duration,
    maxRetryAttempts: policy.max_attempts,
};

const attempts = [];
let message = "nothing";
const probe = restate.service({
    name: "probe",
    handlers: {
        run: async (context) => {
            try {
                await context.run("attempt", () => {
                    attempts.push(performance.now());
                    throw new Error("busy");
                }, options);
            } catch (error) {
                // Only the give-up is for the handler: the retries in between end it by errors of their own.
                if (!(error instanceof restate.TerminalError)) throw error;
                message = error.message;
            }
        },
    },
});

function freePort() {
    return new Promise((resolve) => {
        const server = createServer().listen(0, "127.0.0.1", () => {
            const { port } = server.address();
            server.close(() => resolve(port));
        });
    });
}

async function post(url, body) {
    const answer = await fetch(url, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(body),
        signal: AbortSignal.timeout(LIMIT),
    });
    if (!answer.ok) throw new Error(`${url}: ${answer.status} ${await answer.text()}`);
}

async function ready(url) {
    const end = performance.now() + LIMIT;
    for (;;) {
        const answer = await fetch(url).catch(() => undefined);
        if (answer?.ok) return;
        if (performance.now() > end) throw new Error("the server does not start");
        await new Promise((resolve) => setTimeout(resolve, 100));
    }
}

const [ingress, admin, node, service] = await Promise.all([1, 2, 3, 4].map(freePort));
const directory = mkdtempSync(join(tmpdir(), "relent-restate-"));
const server = spawn(fileURLToPath(new URL("node_modules/.bin/restate-server", import.meta.url)), ["--base-dir", directory], {
    stdio: "ignore",
    env: {
        ...process.env,
        RESTATE_INGRESS__BIND_ADDRESS: `127.0.0.1:${ingress}`,
        RESTATE_ADMIN__BIND_ADDRESS: `127.0.0.1:${admin}`,
        RESTATE_BIND_ADDRESS: `127.0.0.1:${node}`,
        RESTATE_DISABLE_TELEMETRY: "true",
    },
});
const ended = new Promise((resolve) => server.once("exit", resolve));

let failure;
try {
    // Its log would show each failed attempt as an error.
    await restate.serve({ services: [probe], port: service, logger: () => {} });
    await ready(`http://127.0.0.1:${admin}/health`);
    await post(`http://127.0.0.1:${admin}/deployments`, { uri: `http://127.0.0.1:${service}` });
    await post(`http://127.0.0.1:${ingress}/probe/run`, {});
    const gaps = attempts.slice(1).map((at, i) => Math.round(at - attempts[i]));
    console.log(`waits of ${waits} ms were ${gaps} ms, then: ${message}`);
    if (message !== "busy") failure = "it did not give up with the error of the last attempt";
    if (gaps.length !== waits.length) failure = `${gaps.length + 1} attempts, and not ${waits.length + 1}`;
    waits.forEach((wait, i) => {
        const most = wait * (1 + JITTER) + SLACK;
        if (!(gaps[i] >= wait - 1 && gaps[i] <= most)) failure ??= `wait ${i + 1} is not from ${wait} to ${most} ms`;
    });
} catch (error) {
    failure = error;
}
server.kill();
await ended;
rmSync(directory, { recursive: true, force: true });
if (failure) console.error("FAILED:", failure);
process.exit(failure ? 1 : 0);
