// MicroPython's 32-bit port (WebAssembly), which has a file system of its own and no sockets.
import fs from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";

export async function start(packageFolder, heapBytes) {
  const { loadMicroPython } = await import(pathToFileURL(path.join(packageFolder, "micropython.mjs")));
  return loadMicroPython({ heapsize: heapBytes, linebuffer: true });
}

// A folder of this computer into the port's file system: the files whose names are wanted.
export function copy({ FS }, folder, target, wanted = /./) {
  FS.mkdirTree(target);
  for (const entry of fs.readdirSync(folder, { withFileTypes: true })) {
    const source = path.join(folder, entry.name);
    if (entry.isDirectory()) copy({ FS }, source, `${target}/${entry.name}`, wanted);
    else if (wanted.test(entry.name)) FS.writeFile(`${target}/${entry.name}`, fs.readFileSync(source));
  }
}

// What this port lacks is empty in the folder /lacking: on a chip it is part of the interpreter.
export function lack({ FS }, ...modules) {
  FS.mkdirTree("/lacking");
  for (const name of modules) FS.writeFile(`/lacking/${name}.py`, "def __getattr__(name):\n    return None\n");
}
