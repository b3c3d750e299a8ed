// Starts a board's files on the 32-bit port: `node boot.mjs PACKAGE FLASH MODULE…`, a line of JSON each: what boot.py
// left, then each module of the chosen slot with its error, or null.
import fs from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";

const [packageFolder, flash, ...modules] = process.argv.slice(2);
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

copy(flash, "/flash");
// What this port lacks is empty here: it is part of the interpreter on a chip.
interpreter.FS.mkdirTree("/lacking");
for (const name of ["socket", "ssl"]) {
  interpreter.FS.writeFile(`/lacking/${name}.py`, "def __getattr__(name):\n    return None\n");
}
interpreter.runPython(`
import os
os.chdir("/flash")
exec(open("boot.py").read())
import json, sys
print(json.dumps({"path": sys.path[0], "slot": open("slot").read(), "boots": open("boots").read()}))
sys.path[1:] = [".frozen", "/lacking"]
`);
for (const name of modules) {
  interpreter.runPython(`
try:
    import ${name}
    error = None
except Exception as failure:
    error = repr(failure)
print(json.dumps({"module": ${JSON.stringify(name)}, "error": error}))
`);
}
