/** Models scale images down to about this size. Anthropic refuses larger ones in requests with more than 20 images. */
const longestSide = 2_000;
/** Providers refuse images much larger than this. */
const maxBytes = 3_500_000;

/** Scales large images down. A file that cannot be decoded is returned unchanged. */
export async function fitForModels(file: File): Promise<Blob> {
  if (!/^image\/(png|jpeg|webp)$/.test(file.type)) return file;
  try {
    const picture = await createImageBitmap(file);
    const scale = Math.min(1, longestSide / Math.max(picture.width, picture.height));
    if (scale === 1 && file.size <= maxBytes) return file;
    const canvas = document.createElement("canvas");
    canvas.width = Math.max(1, Math.round(picture.width * scale));
    canvas.height = Math.max(1, Math.round(picture.height * scale));
    canvas.getContext("2d")?.drawImage(picture, 0, 0, canvas.width, canvas.height);
    picture.close();
    const drawn = (type: string) => new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, type, 0.9));
    const same = await drawn(file.type);
    // A photo saved as PNG stays too large: convert it to JPEG.
    const fitting = same && same.size > maxBytes ? await drawn("image/jpeg") : same;
    return fitting && fitting.size < file.size ? fitting : file;
  } catch {
    return file;
  }
}
