/** Characters checked, and the interval between checks. */
const windowChars = 6_000;
const stride = 2_000;
const maxPeriod = 400;
const minRepeats = 12;

/** Detects a model that repeats itself, which it would do until its output limit, at the person's cost. */
export function createRepetitionGuard(): { isLooping(delta: string): boolean } {
  let tail = "";
  let unseen = 0;
  return {
    isLooping(delta) {
      tail += delta;
      unseen += delta.length;
      if (unseen < stride) return false;
      unseen = 0;
      tail = tail.slice(-windowChars);
      return tail.length === windowChars && isPeriodic(tail);
    },
  };
}

/** The whole window is one short text repeated. */
function isPeriodic(text: string): boolean {
  const end = text.slice(-64);
  for (let at = text.length - 64 - 1; at >= text.length - 64 - maxPeriod; at--) {
    if (!text.startsWith(end, at)) continue;
    const period = text.length - 64 - at;
    if (text.length / period < minRepeats) return false;
    let isSame = true;
    for (let index = text.length - 1; index >= period && isSame; index--) isSame = text[index] === text[index - period];
    // Runs of spaces or dashes are not repetition.
    return isSame && new Set(text.slice(-period)).size > 2;
  }
  return false;
}
