import { tags as t } from "@lezer/highlight";

/** The color of each token, in the editor and in diffs. */
export const inks = [
  { tag: [t.comment, t.meta], color: "var(--syntax-comment)" },
  {
    tag: [t.keyword, t.modifier, t.controlKeyword, t.operatorKeyword, t.moduleKeyword, t.self, t.null, t.bool],
    color: "var(--syntax-keyword)",
  },
  { tag: [t.string, t.special(t.string), t.regexp, t.character, t.attributeValue], color: "var(--syntax-string)" },
  { tag: [t.number, t.unit, t.color, t.atom], color: "var(--syntax-number)" },
  { tag: [t.function(t.variableName), t.function(t.propertyName), t.macroName], color: "var(--syntax-function)" },
  { tag: [t.typeName, t.className, t.namespace], color: "var(--syntax-type)" },
  { tag: [t.variableName, t.labelName], color: "var(--syntax-variable)" },
  { tag: [t.propertyName, t.definition(t.propertyName)], color: "var(--syntax-property)" },
  { tag: [t.tagName], color: "var(--syntax-tag)" },
  { tag: [t.attributeName], color: "var(--syntax-attribute)" },
  { tag: [t.operator, t.compareOperator, t.logicOperator], color: "var(--syntax-operator)" },
  { tag: [t.punctuation, t.bracket, t.separator], color: "var(--syntax-punctuation)" },
  { tag: [t.heading], color: "var(--fg-0)", fontWeight: "600" },
  { tag: [t.strong], fontWeight: "600" },
  { tag: [t.emphasis], fontStyle: "italic" },
  { tag: [t.link, t.url], color: "var(--syntax-function)" },
  { tag: [t.strikethrough], textDecoration: "line-through" },
  { tag: [t.invalid], color: "var(--err)" },
];
