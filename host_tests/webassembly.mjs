// Runs one test file on the 32-bit port: `node webassembly.mjs PACKAGE ROOT FIRMWARE MODULE`. Its output is MicroPython's.
// FIRMWARE is the folder that holds evencell/, as sources or as a build.
import fs from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";

const [packageFolder, root, firmware, moduleName] = process.argv.slice(2);
const { loadMicroPython } = await import(pathToFileURL(path.join(packageFolder, "micropython.mjs")));
const interpreter = await loadMicroPython({ heapsize: 1024 * 1024, linebuffer: true });

// The file system of the 1.24 package still finds a file that another was renamed over, once that one is removed too.
const { FS } = interpreter;
const rename = FS.rename;
FS.rename = (from, to) => {
  if (FS.analyzePath(to).exists && FS.isFile(FS.stat(to).mode)) FS.unlink(to);
  rename(from, to);
};

function copy(folder, target) {
  FS.mkdirTree(target);
  for (const entry of fs.readdirSync(folder, { withFileTypes: true })) {
    const source = path.join(folder, entry.name);
    if (entry.isDirectory()) copy(source, `${target}/${entry.name}`);
    else if (/\.(py|mpy|json)$/.test(entry.name)) FS.writeFile(`${target}/${entry.name}`, fs.readFileSync(source));
  }
}

for (const folder of ["boards", "host_tests"]) copy(path.join(root, folder), `/repository/${folder}`);
copy(firmware, "/repository/firmware");
interpreter.runPython(`
import sys
sys.path[:] = ["/repository", "/repository/firmware"] + sys.path
from host_tests import on_micropython
on_micropython.run(${JSON.stringify(moduleName)})
`);
