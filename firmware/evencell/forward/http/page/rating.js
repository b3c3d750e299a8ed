// How hard a password is to guess, roughly: its length, less what repeats, follows, is in every list or is a name.
// What the device refuses (password_rule.py) is weak here.

const COMMON = ["password", "passwort", "geheim", "secret", "hallo", "hello", "administrator", "admin", "login", "welcome", "willkommen", "letmein", "iloveyou", "qwertzuiop", "qwertyuiop", "qwertz", "qwerty", "asdfghjkl", "asdf", "evencell", "balancer", "battery", "batterie", "akku", "scooter", "roller"];
const SETS = [[/[a-z]/, 26], [/[A-Z]/, 26], [/[0-9]/, 10], [/[^a-zA-Z0-9]/, 33]];
const FAIR_BITS = 45;
const GOOD_BITS = 60;
const MIN_LETTERS = 5;

const letters = (text) => text.toLowerCase().replace(/[\0-/:-@[-\x60{-\x7f]+/g, " ").trim();

/** weak, fair or good. `known`: what anyone near knows, such as the name of the network. */
export function rating(password, known) {
  const names = known.filter(Boolean).map(letters), words = names.flatMap((name) => name.split(" ").filter((word) => word.length > 3));
  let own = password; // a known word is a line break in it
  for (const word of [...names.map((name) => name.replace(/ /g, "")), ...words, ...COMMON]) {
    if (word.length > 2) own = own.replace(new RegExp([...word].join("[\\0-/:-@[-\\x60{-\\x7f]*"), "gi"), "\n");
  }
  const rest = own.replace(/\n/g, "x"); // as good as one letter
  let length = 0;
  for (let i = 0; i < rest.length; i++) {
    const step = rest.charCodeAt(i) - rest.charCodeAt(i - 1); // NaN for the first
    const isNew = rest.indexOf(rest[i]) === i;
    length += Math.abs(step) <= 1 ? 0.2 : isNew ? 1 : 0.6;
  }
  const bits = length * Math.log2(SETS.reduce((sum, [set, size]) => sum + (set.test(rest) ? size : 0), 1));
  const isName = own !== password && letters(own).replace(/[ 0-9]/g, "").length < MIN_LETTERS;
  return isName || bits < FAIR_BITS ? "weak" : bits < GOOD_BITS ? "fair" : "good";
}
