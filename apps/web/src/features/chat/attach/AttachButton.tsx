import { Paperclip } from "lucide-react";
import { memo, useRef } from "react";
import { IconButton } from "../../../ui/IconButton.tsx";

/** Button of a composer that attaches files. */
export const AttachButton = memo(({ onFiles, isDisabled = false }: { onFiles: (files: File[]) => void; isDisabled?: boolean }) => {
  const picker = useRef<HTMLInputElement>(null);
  return (
    <>
      <IconButton
        label="Attach files"
        tooltipSide="top"
        disabled={isDisabled}
        onClick={() => picker.current?.click()}
        className="narrow:size-10!"
      >
        <Paperclip size={14} />
      </IconButton>
      <input
        ref={picker}
        type="file"
        multiple
        hidden
        aria-label="Files to attach"
        onChange={(event) => {
          onFiles([...(event.currentTarget.files ?? [])]);
          event.currentTarget.value = "";
        }}
      />
    </>
  );
});
