// Ratings of the page for passwords: a list of [password, names] from stdin, a list of "weak", "fair" or "good" to stdout.
// Argument: the page's source rating.js.

import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const { rating } = await import(pathToFileURL(process.argv[2]));
console.log(JSON.stringify(JSON.parse(readFileSync(0, "utf-8")).map(([password, known]) => rating(password, known))));
