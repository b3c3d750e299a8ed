// What each module costs: `node ledger.mjs PACKAGE TREE MODULE…`, a line of JSON each, on MicroPython's 32-bit port.
import fs from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";

const [packageFolder, tree, ...modules] = process.argv.slice(2);
const { loadMicroPython } = await import(pathToFileURL(path.join(packageFolder, "micropython.mjs")));
const interpreter = await loadMicroPython({ heapsize: 4 * 1024 * 1024, linebuffer: true });

function copy(folder, target) {
  interpreter.FS.mkdirTree(target);
  for (const entry of fs.readdirSync(folder, { withFileTypes: true })) {
    const source = path.join(folder, entry.name);
    if (entry.isDirectory()) copy(source, `${target}/${entry.name}`);
    else interpreter.FS.writeFile(`${target}/${entry.name}`, fs.readFileSync(source));
  }
}

copy(tree, "/tree");
// What this port lacks is empty here: it is part of the interpreter on a chip.
interpreter.FS.mkdirTree("/lacking");
for (const name of ["socket", "select", "ssl", "termios", "framebuf"]) {
  interpreter.FS.writeFile(`/lacking/${name}.py`, "def __getattr__(name):\n    return None\n");
}
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
