// Runs one test file on the 32-bit port: `node webassembly.mjs PACKAGE ROOT FIRMWARE MODULE KEEPS_MODULES`. Its output is
// MicroPython's. FIRMWARE is the folder that holds evencell/, as sources or as a build. For the rest see on_micropython.py.
import { copy, start } from "../tools/port32.mjs";

const [packageFolder, root, firmware, moduleName, keepsModules] = process.argv.slice(2);
const interpreter = await start(packageFolder, 1024 * 1024);

// The file system of the 1.24 package still finds a file that another was renamed over, once that one is removed too.
const { FS } = interpreter;
const rename = FS.rename;
FS.rename = (from, to) => {
  if (FS.analyzePath(to).exists && FS.isFile(FS.stat(to).mode)) FS.unlink(to);
  rename(from, to);
};

const WANTED = /\.(py|mpy|json|txt)$/;
for (const folder of ["boards", "host_tests"]) copy(interpreter, `${root}/${folder}`, `/repository/${folder}`, WANTED);
copy(interpreter, firmware, "/repository/firmware", WANTED);
interpreter.runPython(`
import sys
sys.path[:] = ["/repository", "/repository/firmware"] + sys.path
from host_tests import on_micropython
on_micropython.run(${JSON.stringify(moduleName)}, ${keepsModules})
`);
