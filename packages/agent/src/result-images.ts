import { estimateImageTokens, type ImagePart, type ImageStore, type StoredImage } from "./images.ts";
import { ToolFailure, type ResultImages } from "./tool.ts";

/** Of one call. */
const maxImagesOfCall = 8;
/** Names are quoted to the model in a line of their own. */
const maxNameChars = 200;
/** Images of one step take at most a quarter of the context window. */
const stepShare = 1 / 4;
/** Base64 of the images of one step: half of what a request may have. */
const maxStepChars = 8_000_000;

/** The data of images is in memory until they are in the conversation. */
export function createResultImages(store: ImageStore, onUnexpected: (error: unknown, where: string) => void): ResultImages {
  /** Base64 of images that are not in the conversation yet. */
  const waiting = new Map<string, string>();
  const withData = async (image: StoredImage): Promise<ImagePart> => {
    const data = waiting.get(image.reference) ?? (await store.load(image.reference));
    waiting.delete(image.reference);
    return { ...image, ...(data !== undefined && { data }) };
  };
  return {
    async keep(images, signal) {
      const kept: StoredImage[] = [];
      const problems: string[] = [];
      for (const given of images.slice(0, maxImagesOfCall)) {
        const image = { ...given, name: given.name.replace(/[\p{Cc}\p{Cf}\u2028\u2029]+/gu, " ").slice(0, maxNameChars) };
        try {
          const { data, ...stored } = await store.keep(image, signal);
          waiting.set(stored.reference, data);
          kept.push(stored);
        } catch (error) {
          signal.throwIfAborted();
          if (!(error instanceof ToolFailure)) onUnexpected(error, "image of a tool");
          const reason = error instanceof ToolFailure ? error.message : "It could not be stored.";
          problems.push(`The image ${image.name} is not shown. ${reason}`);
        }
      }
      if (images.length > maxImagesOfCall) problems.push(`Only the first ${maxImagesOfCall} of ${images.length} images are shown.`);
      return { images: kept, problems };
    },
    async ofStep(results, window) {
      let tokens = window * stepShare;
      let chars = maxStepChars;
      const all: { images: ImagePart[]; note: string }[] = [];
      for (const { images = [] } of results) {
        const shown: ImagePart[] = [];
        for (const image of images) {
          const part = await withData(image);
          tokens -= estimateImageTokens(part);
          chars -= part.data?.length ?? 0;
          if (tokens >= 0 && chars >= 0) shown.push(part);
        }
        const left = images.length - shown.length;
        const note =
          left === 0 ? "" : `[${left} of the ${images.length} images of this result are left out: they do not fit into the context.]`;
        all.push({ images: shown, note });
      }
      return all;
    },
  };
}
