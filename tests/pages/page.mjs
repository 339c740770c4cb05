// In a page: runs the checks, and reports to the server.
import { checks } from './checks.mjs';
import * as program from './pages.js';

const page = location.search.slice(1);
let report;
try {
    await program.default();
    report = { waits: await checks(program, location.origin, page), agent: navigator.userAgent };
} catch (error) {
    report = { error: `${error.stack ?? error}` };
}
await fetch(`/report?${page}`, { method: 'POST', body: JSON.stringify(report) });
