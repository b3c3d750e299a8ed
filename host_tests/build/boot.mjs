// Starts a board's files on the 32-bit port: `node boot.mjs PACKAGE FLASH HEAP_BYTES MODULE…`, a line of JSON each: what
// boot.py left, then each module of the chosen slot with its error, or null.
import { copy, lack, start } from "../../tools/port32.mjs";

const [packageFolder, flash, heapBytes, ...modules] = process.argv.slice(2);
const interpreter = await start(packageFolder, Number(heapBytes));
copy(interpreter, flash, "/flash");
lack(interpreter, "socket", "ssl");
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
