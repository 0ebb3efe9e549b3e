import type { EvidencePicture, ToolImage } from "@tesslate/contract";
import { attachmentUrl } from "../attach/attachment-url.ts";

/** A picture of a run, with where it is loaded from. */
export interface ShownPicture {
  id: string;
  url: string;
  label: string;
  /** In pixels, if known. */
  width: number | null;
  height: number | null;
}

export const pictureUrl = (taskId: string, pictureId: string): string => `/api/chat/runs/${taskId}/evidence/${pictureId}`;

export const screenshotOf =
  (taskId: string) =>
  (picture: EvidencePicture): ShownPicture => ({ ...picture, url: pictureUrl(taskId, picture.id) });
export const imageOfTool = ({ id, name, width, height }: ToolImage): ShownPicture => ({
  id,
  url: attachmentUrl(id),
  label: name,
  width,
  height,
});

export type PictureKind = "screenshot" | "image";
interface PictureTexts {
  list: string;
  previous: string;
  next: string;
  open(picture: ShownPicture): string;
  alt(picture: ShownPicture): string;
  description(picture: ShownPicture): string | undefined;
}
export const pictureTexts: Record<PictureKind, PictureTexts> = {
  screenshot: {
    list: "Screenshots",
    previous: "Previous screenshot",
    next: "Next screenshot",
    open: ({ label }) => `Open screenshot: ${label}`,
    alt: ({ label }) => `Screenshot: ${label}`,
    description: ({ width, height }) => `${width} × ${height}, from the agent's browser`,
  },
  image: {
    list: "Images",
    previous: "Previous image",
    next: "Next image",
    open: ({ label }) => `Open image: ${label}`,
    alt: ({ label }) => `Image: ${label}`,
    description: ({ width, height }) => (width === null || height === null ? undefined : `${width} × ${height}, as the agent got it`),
  },
};
