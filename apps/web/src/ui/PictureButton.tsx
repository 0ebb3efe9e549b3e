import { useRef, type ReactNode } from "react";
import { Button } from "./Button.tsx";

const accepted = "image/png,image/jpeg,image/webp,image/gif,image/avif";

/** A button that opens the file picker for an image. */
export function PictureButton({
  label,
  isLoading,
  disabled = false,
  size,
  onFile,
  children,
}: {
  /** Accessible name of the file field. */
  label: string;
  isLoading: boolean;
  disabled?: boolean;
  size?: "sm";
  onFile: (file: File) => void;
  children: ReactNode;
}) {
  const input = useRef<HTMLInputElement>(null);
  return (
    <>
      <input
        ref={input}
        type="file"
        accept={accepted}
        aria-label={label}
        className="sr-only"
        tabIndex={-1}
        onChange={(event) => {
          const file = event.target.files?.[0];
          if (file) onFile(file);
          // Otherwise choosing the same file again has no effect.
          event.target.value = "";
        }}
      />
      <Button
        {...(size && { size })}
        isLoading={isLoading}
        loadingWord="Uploading…"
        disabled={disabled}
        onClick={() => input.current?.click()}
      >
        {children}
      </Button>
    </>
  );
}
