import type { ImageId, RuntimeDriver } from "@tesslate/runtime";
import type { Preparation } from "../../core/preparation/index.ts";
import type { BundledTemplate, Templates } from "./templates.ts";

const itemOf = ({ api }: BundledTemplate) => `template-${api.slug}`;

export type TemplateImages = ReturnType<typeof createTemplateImages>;
/** Images of the bundled templates, prepared ahead or when something needs them. */
export function createTemplateImages({
  templates,
  runtime,
  preparation,
  isAutomatic,
  countUses,
}: {
  templates: Templates;
  runtime: Pick<RuntimeDriver, "prepare" | "findImage" | "listImages" | "removeImage">;
  preparation: Preparation;
  /** Prepare them without being asked. */
  isAutomatic: boolean;
  /** Projects of this installation by template. */
  countUses: () => Promise<ReadonlyMap<string, number>>;
}) {
  /** Images of earlier versions of the template. */
  const removeOthers = async ({ image }: BundledTemplate, id: ImageId) => {
    for (const other of await runtime.listImages()) if (other.name === image.name && other.id !== id) await runtime.removeImage(other.id);
  };
  for (const template of templates.list())
    preparation.define({
      id: itemOf(template),
      kind: "template",
      name: template.api.name,
      isAutomatic,
      missing: () => "The first project from this template waits until its dependencies are installed.",
      find: async () => {
        const image = await runtime.findImage(template.image);
        if (!image) return undefined;
        const { preparedAt, bytes, isWarm } = image;
        return {
          preparedAt,
          isRemovable: true,
          ...(bytes !== undefined && { bytes }),
          ...(isAutomatic && !isWarm && { isUnfinished: true }),
        };
      },
      prepare: async ({ signal, onLog, isAgain }) => {
        const id = await runtime.prepare(template.image, { signal, onLog, isBackground: true, isRebuilt: isAgain });
        await removeOthers(template, id);
      },
      remove: async () => {
        const image = await runtime.findImage(template.image);
        if (image) await runtime.removeImage(image.id);
      },
    });

  return {
    /** The image of a template, for work that needs it now; joins a preparation that is running. Throws what `RuntimeDriver.prepare` throws. */
    prepare: (template: BundledTemplate, { signal, onLog }: { signal: AbortSignal; onLog?: (line: string) => void }): Promise<ImageId> =>
      preparation.during(itemOf(template), (keep) =>
        runtime.prepare(template.image, {
          signal,
          // It is warmed up in the background afterwards, where that is on.
          isColdEnough: isAutomatic,
          onLog: (line) => {
            keep(line);
            onLog?.(line);
          },
        }),
      ),
    /** Items in the order of their use: the default template, then the most used ones. */
    order: async (): Promise<string[]> => {
      const uses = await countUses();
      const usesOf = ({ api }: BundledTemplate) => uses.get(api.slug) ?? 0;
      const [first, ...others] = templates.list();
      return [...(first ? [first] : []), ...others.toSorted((a, b) => usesOf(b) - usesOf(a))].map(itemOf);
    },
  };
}
