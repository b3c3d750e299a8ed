// What each module costs: `node ledger.mjs PACKAGE TREE MODULE…`, a line of JSON each, on MicroPython's 32-bit port.
import { copy, lack, start } from "../port32.mjs";

const [packageFolder, tree, ...modules] = process.argv.slice(2);
const interpreter = await start(packageFolder, 4 * 1024 * 1024);
copy(interpreter, tree, "/tree");
lack(interpreter, "socket", "select", "ssl", "tls", "termios", "framebuf");
interpreter.runPython("import gc, sys, asyncio, json, array, struct, re, io, time, collections, errno\nsys.path[:] = ['/tree', '.frozen', '/lacking']");
// The port collects only between two calls from outside.
function take() {
  interpreter.runPython("gc.collect()");
  interpreter.runPython("allocated = gc.mem_alloc()");
  return interpreter.globals.get("allocated");
}
for (const name of modules) {
  const before = take();
  interpreter.runPython(`import ${name}`);
  console.log(JSON.stringify({ module: name, bytes: take() - before }));
}
