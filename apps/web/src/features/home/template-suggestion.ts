/** A bundled template that fits a prompt. */
export interface TemplateSuggestion {
  slug: string;
  /** The words of the prompt that call for it. */
  words: string;
  /** What the template brings for them. */
  brings: string;
}

interface Rule {
  words: RegExp;
  /** Undefined: the prompt names what no template has, so that none is suggested. */
  template?: { slug: string; brings: string };
}

const template = (slug: string, brings: string) => ({ slug, brings });

/** The first that matches decides: what a prompt names comes before what it needs. */
const rules: readonly Rule[] = [
  { words: /\bnext\.?js\b/i, template: template("nextjs", "the App Router set up") },
  { words: /\bastro\b/i, template: template("astro", "pages and a blog in Markdown") },
  {
    words: /\bfast ?api\b(?=.*\b(?:react|front[ -]?end|web ?page|ui)\b)/is,
    template: template("fastapi-react", "a Python API and a React page"),
  },
  { words: /\b(?:fast ?api|python (?:web )?api|api in python)\b/i, template: template("fastapi", "a Python API with documentation") },
  { words: /\b(?:hono|express(?:\.?js)?|node(?:\.?js)? api|rest api|json api)\b/i, template: template("node-api", "an API in TypeScript") },
  { words: /\b(?:plain|vanilla) (?:html|javascript|js)\b/i, template: template("static", "plain HTML, CSS and JavaScript") },
  { words: /\b(?:vue|nuxt|svelte(?:kit)?|angular|solid(?:js)?|remix|django|flask|rails|laravel|php|spring boot|flutter|godot|unity)\b/i },
  {
    words:
      /\b(?:sign(?:s|ing)?[ -]?(?:up|in)s?|log(?:s|ging)?[ -]?(?:in|on)s?|(?:user )?accounts?|user roles?|members?(?:hips?|'s?)?|admins?|administrators?|bookings?|reservations?|appointments?|orders?|waiting list|wait[ -]?list|crm|inventory|marketplace|online (?:shop|store)|e-?commerce|file uploads?|databases?|postgres(?:ql)?|multi-?user|the owner sees)\b/i,
    template: template("full-stack", "accounts and a database"),
  },
  {
    words: /\b(?:blog|rss|documentation site|docs site|newsletter archive)\b/i,
    template: template("astro", "pages and a blog in Markdown"),
  },
];

const needs = "(?:user )?(?:sign[ -]?(?:ups?|ins?)|log[ -]?ins?|accounts?|members|databases?|back[ -]?end|server|admin(?: page)?)";
/** Phrases in which such words mean the opposite, or something else. */
const negations: readonly RegExp[] = [
  new RegExp(
    `\\b(?:no|without|do(?:es)?(?: not|n't) need)\\s+(?:any |an? )?${needs}(?:(?:,| or| and|, or)\\s+(?:any |an? )?${needs})*`,
    "gi",
  ),
  /\bin (?:alphabetical|random|reverse|chronological|any|this|that) order\b|\b(?:sort|drag|re)[ -]?order\w*|\bin order to\b/gi,
];
/** Data that stays in the browser needs no server. */
const local = /\b(?:local ?storage|(?:kept|stored?|saved?|stays?|everything) (?:\w+ )?in (?:the|my|your) browser|client[ -]side only)\b/i;

/** The template that a prompt calls for by obvious words; undefined if there is none. */
export function suggestTemplate(prompt: string): TemplateSuggestion | undefined {
  const text = negations.reduce((rest, negation) => rest.replace(negation, " "), prompt);
  for (const rule of rules) {
    const words = rule.words.exec(text)?.[0];
    if (words === undefined) continue;
    if (!rule.template || (rule.template.slug === "full-stack" && local.test(text))) return undefined;
    return { ...rule.template, words };
  }
  return undefined;
}
