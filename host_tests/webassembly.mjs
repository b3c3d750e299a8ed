// Runs one test file on the 32-bit port: `node webassembly.mjs PACKAGE ROOT MODULE`. Its output is MicroPython's.
import fs from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";

const [packageFolder, root, moduleName] = process.argv.slice(2);
const { loadMicroPython } = await import(pathToFileURL(path.join(packageFolder, "micropython.mjs")));
const interpreter = await loadMicroPython({ heapsize: 1024 * 1024, linebuffer: true });

function copy(folder, target) {
  interpreter.FS.mkdirTree(target);
  for (const entry of fs.readdirSync(folder, { withFileTypes: true })) {
    const source = path.join(folder, entry.name);
    if (entry.isDirectory()) copy(source, `${target}/${entry.name}`);
    else if (/\.(py|json)$/.test(entry.name)) interpreter.FS.writeFile(`${target}/${entry.name}`, fs.readFileSync(source));
  }
}

for (const folder of ["firmware", "boards", "host_tests"]) copy(path.join(root, folder), `/repository/${folder}`);
interpreter.runPython(`
import sys
sys.path[:] = ["/repository", "/repository/firmware"] + sys.path
from host_tests import on_micropython
on_micropython.run(${JSON.stringify(moduleName)})
`);
