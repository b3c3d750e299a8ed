// Files that are loaded when they are first needed.

import { get } from "./requests.js";

const VERSION = document.documentElement.dataset.version || "";

/** A module of this version. After an update the device has none: then the page is loaded anew. */
export async function load(name) {
  try {
    return await import(`./${name}.js${VERSION}`);
  } catch (error) {
    const document = await get("/").then((answer) => answer.text()).catch(() => VERSION);
    if (!document.includes(VERSION)) location.reload();
    throw error;
  }
}
