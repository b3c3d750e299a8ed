// How hard a password is to guess, roughly: its length, less what repeats, follows or is in every list.

const COMMON = ["password", "passwort", "geheim", "secret", "hallo", "hello", "admin", "login", "welcome", "willkommen", "letmein", "iloveyou", "qwertz", "qwerty", "asdf", "evencell", "balancer", "battery", "akku", "scooter", "roller"];
const SETS = [[/[a-z]/, 26], [/[A-Z]/, 26], [/[0-9]/, 10], [/[^a-zA-Z0-9]/, 33]];
const FAIR_BITS = 45;
const GOOD_BITS = 60;

/** weak, fair or good. `known`: what anyone near knows, such as the name of the network. */
export function rating(password, known) {
  let rest = password;
  for (const word of [...COMMON, ...known]) {
    if (word.length > 2) rest = rest.replace(new RegExp(word.replace(/[^\w\s]/g, "\\$&"), "gi"), "x"); // as good as one letter
  }
  let length = 0;
  for (let i = 0; i < rest.length; i++) {
    const step = rest.charCodeAt(i) - rest.charCodeAt(i - 1); // NaN for the first
    const isNew = rest.indexOf(rest[i]) === i;
    length += Math.abs(step) <= 1 ? 0.2 : isNew ? 1 : 0.6;
  }
  const bits = length * Math.log2(SETS.reduce((sum, [set, size]) => sum + (set.test(rest) ? size : 0), 1));
  return bits < FAIR_BITS ? "weak" : bits < GOOD_BITS ? "fair" : "good";
}
