// What must hold in every host: called with the program that `wasm-bindgen` made, and the address of a server.
// Returns the waits that were drawn.

function check(holds, said) {
    if (!holds) throw new Error(said);
}

export async function checks(program, server, page) {
    let began = performance.now();
    const waits = await program.waits();
    const took = performance.now() - began;
    const total = waits.reduce((sum, wait) => sum + wait, 0);
    check(waits.length === 3, `${waits.length} waits`);
    waits.forEach((wait, index) => check(wait >= 0 && wait <= 10 * 2 ** index, `a wait of ${wait} ms`));
    check(took >= total, `waits of ${total} ms took ${took} ms`);

    const [one, other] = [await program.waits(), await program.waits()];
    check(`${one}` !== `${other}`, `two runs draw the same: ${one}`);

    // A page that is never idle could not do this in between.
    let turns = 0;
    const turning = setInterval(() => { turns += 1; }, 0);
    await program.without_waits(50);
    clearInterval(turning);
    check(turns > 0, 'waits of nothing keep the page busy');

    began = performance.now();
    const deadline = await program.deadline(20);
    check(deadline >= 20 && performance.now() - began >= 20, `out of time after ${deadline} ms of 20`);

    check(await program.times_out(), 'an attempt that hangs is not timed out');
    check(await program.cancelled(), 'a wait is not cancelled');
    const over = await program.over_too_soon();
    check(over.length === 0, `long waits are over at once: ${over}`);
    const woken = await program.woken();
    check(`${[...woken]}` === '0,1', `wakes: ${woken}`);

    const text = await program.load(`${server}/busy?${page}`);
    check(text === 'hello after 3 tries', `the page is: ${text}`);
    let said = '';
    try { await program.load(`${server}/down`); } catch (error) { said = error.message; }
    check(said === '503', `the server is down, and the error is: ${said}`);
    return [...waits];
}
