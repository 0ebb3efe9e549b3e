import { Search } from "lucide-react";
import { ariaKeys } from "../../lib/use-shortcuts.ts";
import { Button } from "../Button.tsx";
import { IconButton } from "../IconButton.tsx";
import { ShortcutKeys } from "../ShortcutKeys.tsx";
import { usePalette } from "./palette.ts";

/** Opens the palette. */
export function FindButton({ variant = "ghost" }: { variant?: "ghost" | "plain" }) {
  const palette = usePalette();
  return (
    <>
      <IconButton label="Search" className="wide:hidden" onClick={() => palette.open()}>
        <Search />
      </IconButton>
      <Button
        size="sm"
        variant={variant}
        className="narrow:hidden"
        icon={<Search size={14} />}
        keys={<ShortcutKeys id="palette.open" />}
        aria-keyshortcuts={ariaKeys("palette.open")}
        onClick={() => palette.open()}
      >
        Search
      </Button>
    </>
  );
}
