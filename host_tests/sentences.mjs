// Sentences of the device as a German page shows them: JSON of a list from stdin, a list of [text, language] to stdout.
// Arguments: the page's sources sentences.js and sentences.de.json.

import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const [code, texts] = process.argv.slice(2);
globalThis.document = { documentElement: { lang: "de", dataset: {} } };
globalThis.localStorage = { getItem: () => null, setItem: () => {} };
Object.defineProperty(globalThis, "navigator", { value: { languages: ["de"] } });
globalThis.fetch = async () => ({ json: async () => JSON.parse(readFileSync(texts, "utf-8")) });
const { loadSentences, ofDevice } = await import(pathToFileURL(code));
await loadSentences();
console.log(JSON.stringify(JSON.parse(readFileSync(0, "utf-8")).map(ofDevice)));
process.exit(0);
