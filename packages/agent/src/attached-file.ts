/** A file attached to a message. Images that the model sees are in `images` too. */
export interface AttachedFile {
  id: string;
  name: string;
  media_type: string;
  size_bytes: number;
  /** `shown`: an image that the model sees. `unseen`: an image that this model cannot see. */
  kind: "text" | "file" | "shown" | "unseen";
  /** For texts: the beginning. */
  text?: string;
  /** For texts: the total number of characters. */
  chars?: number;
}
