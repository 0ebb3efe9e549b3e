/** What a browser can show or play. */
export interface Media {
  kind: "image" | "audio" | "video" | "font";
  type: string;
}
const media: Record<string, Media> = {};
for (const [kind, types] of [
  ["image", { png: "png", jpg: "jpeg", jpeg: "jpeg", gif: "gif", webp: "webp", avif: "avif", svg: "svg+xml", ico: "x-icon" }],
  ["audio", { mp3: "mpeg", wav: "wav", ogg: "ogg", m4a: "mp4", flac: "flac" }],
  ["video", { mp4: "mp4", webm: "webm", mov: "quicktime" }],
  ["font", { woff: "woff", woff2: "woff2", ttf: "ttf", otf: "otf" }],
] as const)
  for (const [ending, type] of Object.entries(types)) media[ending] = { kind, type: `${kind}/${type}` };
export const mediaOf = (path: string): Media | undefined => media[path.slice(path.lastIndexOf(".") + 1).toLowerCase()];
