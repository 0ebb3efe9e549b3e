/**
 * Words that texts of the web UI do not use, each with what to write. docs/writing.md gives the rules behind them.
 * `scripts/strings.test.ts` refuses them. If a new rule finds existing texts, rewrite them in the commit that adds the rule.
 */
export interface Denial {
  /** As people say it. */
  instead: string;
  write: string;
  pattern: RegExp;
  /** Only texts of these kinds. */
  kinds?: RegExp;
}

/** Whole words, in any case. `{}` is a value. */
const deny = (instead: string, write: string, words: string): Denial => ({
  instead,
  write,
  pattern: new RegExp(`(?<![\\p{L}\\p{N}_-])(?:${words})(?![\\p{L}\\p{N}_])`, "iu"),
});

export const denials: readonly Denial[] = [
  // Terms
  deny("e-mail", "email", "e-mails?"),
  deny("mail", "email", "mail(?! server)|mails|mailed"),
  deny("letter (for an email)", "email", "^letter$|(?:a|the|this|kept) letter|letter sent"),
  deny("thread, conversation", "chat", "threads?|conversations?"),
  deny("remark", "comment", "remarks?"),
  deny("maker", "creator", "makers?"),
  deny("present password", "current password", "present (?:password|one)"),
  deny("second step", "two-factor authentication", "second steps?"),
  deny("sealed", "encrypted", "sealed"),
  deny("fault", "issue, error", "faults?"),
  deny("hole", "vulnerability", "holes?"),
  deny("hosted project", "always-on project", "hosted"),
  deny("asleep", "hibernated, frozen", "asleep"),
  deny("colour, cancelled", "American spelling: color, canceled", "colou?red by|colours?|cancelled|behaviour|centre|favourites?"),
  deny("the usual one", "default", "usual ones?"),
  deny("hit", "match", "hits"),
  deny("wear, worn", "apply, applied", "wears?|worn|wore"),
  deny("remove admin rights: administration taken away", "remove admin access", "administration (?:is |was )?(?:away|taken away)"),
  deny("place (for a target or a slot)", "target, slot, location", "as many places|all places|the place that|another place"),

  // People
  deny("somebody, everybody, anybody", "someone, everyone, anyone", "somebody|everybody|anybody"),
  deny("nobody", "no one, or say what there is none of", "nobody"),
  deny("whoever", "anyone who, the operator", "whoever"),
  deny("of your own", "your own, custom, or leave it out", "(?:of|on) (?:my|your|its|their|his|her|our|one[’']s) own"),

  // Verbs
  deny("goes on", "continues, runs", "go on|goes on|going on|went on|gone on"),
  deny("goes out, went out", "deploys, was deployed", "goes out|going out|went out"),
  deny("goes there, goes along", "deploys to, is included", "go(?:es)? (?:there|along|to \\{\\})"),
  deny("is gone", "was deleted, expires, is no longer available", "(?:is|are|was|were|be) gone|gone for good"),
  deny("begin", "start, create", "begin|begins|beginning|began|begun"),
  deny("make one, make the account", "create", "make (?:one|the first one|the account|new)|made (?:by|of|from)"),
  deny("put away", "dismiss, archive", "put (?:\\S+ ){0,3}away"),
  deny("let it, let … in", "the verb itself: “Allow”, “Attach”, “Turn off”", "^let|let (?:it|us|them|you in)|lets (?:it|them|you)"),
  deny(
    "take away, take off, take back",
    "remove, unpublish, undo, withdraw",
    "(?:take|takes|taken|took) (?:(?:it|them|administration|\\{\\}) )?(?:away|off|back|out|along)",
  ),
  deny("fold, unfold", "collapse, expand", "(?:un)?folds?|(?:un)?folded"),
  deny("hand to, hand over", "send to, run with", "hands? (?:it |this )?(?:to|over)|handed (?:to|over)"),
  deny("drop (for remove)", "remove, reset", "drop it|drop second"),
  deny("lead to", "redirect to, open", "leading to"),
  deny("keep apart", "isolate, sandbox", "(?:keep|keeps|kept) \\S+ apart"),
  deny("keep back", "block", "(?:keep|keeps|kept) (?:it|them) (?:back|from)"),
  deny("stand here, stand alone", "appear here, no connections", "stands?"),
  deny("lie in", "is in", "lies"),
  deny("say, told, heard", "enter, describe, report, notify", "says?|said|told|hears?|heard"),
  deny("be asked, asked for, asks you", "request, check, connect; “Retry”; needs your input", "asked|(?<!without )asking|asks you"),
  deny(
    "answer (of a server, a model, a list)",
    "respond; “No results for”",
    "(?:not|nothing|file|folder|it|server|nobody) answers?(?: to)?|answered within|did not answer|not answer",
  ),
  deny("fit (for a match)", "match; “No results”", "nothing fits|does not fit|(?:post|project|\\{\\}) fits"),
  deny("try, tried (for a check)", "verify, verified; retry", "(?:is|are|was|not) tried|tried (?:out|again|once|live)|untried|tries"),
  deny("look at, look for", "check, inspect", "look(?:ed|s)? (?:at|into|over|up)|look for what|looks it over"),
  deny("comes in, comes along, came back", "appears, was added", "comes? (?:in|back|into|through|along|by)|came (?:in|back|through|along)"),
  deny("wants a look", "needs, expects", "wants (?:a|one|to)"),
  deny("give (for set)", "set, add, enter", "give (?:it|the|a)"),
  deny("be taken, be had", "use, available", "be (?:taken|had)"),
  deny("give up", "couldn't, stopped trying; discard", "g(?:ive|ives|iving|ave|iven) (?:\\S+ )?up"),
  deny("act as them", "impersonate", "act(?:ing)? as (?:them|somebody|someone)"),
  deny("paid back", "refund, refunded", "(?:pay|pays|paid) back"),
  deny("lapse", "expire", "lapse[sd]?"),
  deny("break off", "cancel, fail", "br(?:eaks?|oke|oken) off"),
  deny("left out", "skipped, excluded", "left out"),
  deny("tick, untick", "select, clear", "(?:un)?tick(?:s|ed)?"),
  deny("stand for", "represent, mean", "stands? for"),
  deny("void", "reset, no longer valid", "void"),
  deny("anew, once more", "again", "anew|once more"),

  // Failures
  deny("could not be read, could not be loaded", "Couldn't load …", "could not"),
  deny("did not work, did not come", "failed", "did not|didn[’']t (?:work|come)"),
  deny("is over, used up", "has expired, has already been used", "is over|used up"),
  deny("worked out", "calculate, determine, load", "work(?:ed|s|ing)? out"),
  deny("broke", "failed, “Something went wrong in …”", "broke"),
  deny("a problem of its own", "failed", "problem of (?:its|their) own"),

  // Time and manner
  deny("any more, no more", "no longer", "any ?more|no more(?! than)"),
  deny("by itself", "automatically", "(?:by|of) (?:itself|themselves)"),
  deny("meanwhile", "in the meantime, or leave it out", "meanwhile"),
  deny("from here on, from now on", "now", "from here on"),
  deny("lately", "recently", "lately"),
  deny("under way", "in progress, processing", "under way"),
  deny("stays as it is", "isn't affected, doesn't change", "(?:stay|stays|stayed) as|as (?:it was|they were)"),
  deny("in sight", "visible", "(?:in|into) sight"),
  deny("beside", "next to, in addition to", "beside"),
  deny("for good", "permanently", "for good"),
  deny("is there already, is not there", "already exists, was not found", "there (?:already|again)|(?:is|are) not there"),
  deny("what runs", "running apps, running agents", "what (?:runs|ran)"),
  deny("in the place of", "replaces, instead of", "in (?:the |their |its )place of"),
  deny("all the same", "anyway", "all the same"),
  deny("from before", "previous", "from before"),
  deny("for this once", "once", "for this once"),
  deny("by hand", "manually", "by hand"),
  deny("nowhere", "not … anywhere, don't deploy", "nowhere"),

  // Tone
  deny("please, sorry, oops", "leave it out", "please|sorry|oops|unfortunately"),
  deny("successfully", "leave it out", "successfully"),
  {
    instead: "a button without a noun: “Take it away”",
    write: "verb and noun: “Remove access”",
    pattern: /^\p{L}+ (?:it|them|one)(?: \p{L}+)?$/u,
    kinds: /^(?:button|attribute (?:confirm|submit)Label)$/,
  },
  { instead: "three dots", write: "…", pattern: /\.\.\./ },
  { instead: "exclamation mark", write: "a full stop", pattern: /\p{L}!(?:\s|$)/u },
];

/** What is wrong with a text. */
export const denied = ({ words, kind }: { words: string; kind: string }): Denial[] =>
  denials.filter(({ pattern, kinds }) => pattern.test(words) && (kinds?.test(kind) ?? true));
