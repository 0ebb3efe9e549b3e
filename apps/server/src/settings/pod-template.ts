import { Type, type Static, type TSchema } from "typebox";
import { Value } from "typebox/value";

const closed = { additionalProperties: false };
const values = Type.Record(Type.String(), Type.String());

/** The fields of KUBERNETES_POD_TEMPLATE, named as in a pod. Others could weaken what isolates project code. */
const schema = Type.Object(
  {
    nodeSelector: Type.Optional(values),
    tolerations: Type.Optional(
      Type.Array(
        Type.Object(
          {
            key: Type.Optional(Type.String()),
            operator: Type.Optional(Type.Enum(["Exists", "Equal"])),
            value: Type.Optional(Type.String()),
            effect: Type.Optional(Type.Enum(["NoSchedule", "PreferNoSchedule", "NoExecute"])),
            tolerationSeconds: Type.Optional(Type.Integer()),
          },
          closed,
        ),
        { maxItems: 50 },
      ),
    ),
    priorityClassName: Type.Optional(Type.String()),
    labels: Type.Optional(values),
    annotations: Type.Optional(values),
  },
  closed,
);
type PodTemplateSetting = Static<typeof schema>;
export const podTemplateFields = Object.keys(schema.properties);

const name = /^([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)$/;
const prefix = /^(?=.{1,253}$)[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
function isKey(key: string): boolean {
  const parts = key.split("/");
  return name.test(parts.at(-1) ?? "") && (parts.length === 1 || (parts.length === 2 && prefix.test(parts[0] ?? "")));
}
const isLabelValue = (value: string) => value === "" || name.test(value);

/** The network policies and the driver select pods by the first ones. The others switch off walls: profiles, networks, the virtual machine. */
const reserved = [
  "studio.tesslate.com",
  "agents.x-k8s.io",
  "app.kubernetes.io/managed-by",
  "container.apparmor.security.beta.kubernetes.io",
  "seccomp.security.alpha.kubernetes.io",
  "container.seccomp.security.alpha.kubernetes.io",
  "k8s.v1.cni.cncf.io",
  "v1.multus-cni.io",
  "io.katacontainers",
];
const isReserved = (key: string) => reserved.some((one) => key === one || key.startsWith(`${one}/`) || key.startsWith(`${one}.`));

const parse = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

/** What is wrong with the setting, to complete a sentence that begins with its name. */
export function podTemplateProblem(text: string): string | undefined {
  const given = parse(text);
  if (typeof given !== "object" || given === null || Array.isArray(given)) return "must be a JSON object";
  const unknown = Object.keys(given).find((field) => !podTemplateFields.includes(field));
  if (unknown !== undefined) return `has the field ${JSON.stringify(unknown)}. Allowed are ${podTemplateFields.join(", ")}`;
  const wrong = Object.entries(schema.properties).find(
    ([field, child]: [string, TSchema]) => field in given && !Value.Check(child, (given as Record<string, unknown>)[field]),
  );
  if (wrong) return `must have in ${wrong[0]} what a pod has there: ${expected[wrong[0] as keyof PodTemplateSetting]}`;
  const { nodeSelector = {}, labels = {}, annotations = {}, tolerations = [], priorityClassName } = given as PodTemplateSetting;
  for (const [field, entries] of Object.entries({ nodeSelector, labels, annotations }))
    for (const [key, value] of Object.entries(entries)) {
      if (!isKey(key)) return `has the key ${JSON.stringify(key)} in ${field}, which is not a name such as team or example.com/team`;
      if (field !== "annotations" && !isLabelValue(value))
        return `has a value of ${JSON.stringify(key)} in ${field} that is not up to 63 letters, digits, "-", "_" and "."`;
      if (field !== "nodeSelector" && isReserved(key))
        return `has ${JSON.stringify(key)} in ${field}, which the server or the isolation of the pods uses`;
    }
  for (const { key, operator = "Equal", value = "", effect, tolerationSeconds } of tolerations) {
    if (key === undefined ? operator !== "Exists" : !isKey(key))
      return "has a toleration without a valid key: only operator Exists needs none";
    if (operator === "Exists" ? value !== "" : !isLabelValue(value)) return "has a toleration with a wrong value: operator Exists has none";
    if (tolerationSeconds !== undefined && effect !== "NoExecute") return "has tolerationSeconds without the effect NoExecute";
  }
  if (priorityClassName !== undefined && !prefix.test(priorityClassName)) return "has a priorityClassName that is not the name of a class";
  return undefined;
}

const texts = "an object whose values are texts";
const expected: Record<keyof PodTemplateSetting, string> = {
  nodeSelector: texts,
  tolerations:
    "a list of objects with key, operator (Exists, Equal), value, effect (NoSchedule, PreferNoSchedule, NoExecute) and tolerationSeconds",
  priorityClassName: "a text",
  labels: texts,
  annotations: texts,
};

/** Of a text without a problem. */
export const readPodTemplate = (text: string): PodTemplateSetting => JSON.parse(text) as PodTemplateSetting;
