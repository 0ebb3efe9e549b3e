import { Eye, EyeOff } from "lucide-react";
import { useState } from "react";
import { IconButton } from "./IconButton.tsx";
import { Input, type InputProps } from "./Input.tsx";

/** A secret with a reveal button. Also for API keys: pass `autoComplete="off"`. */
export function PasswordInput({ noun = "password", ...rest }: Omit<InputProps, "type" | "trailing"> & { noun?: string }) {
  const [isShown, setIsShown] = useState(false);
  return (
    <Input
      spellCheck={false}
      autoCapitalize="none"
      {...rest}
      type={isShown ? "text" : "password"}
      trailing={
        <IconButton size="sm" className="-mr-1.5" label={isShown ? `Hide ${noun}` : `Show ${noun}`} onClick={() => setIsShown(!isShown)}>
          {isShown ? <EyeOff size={14} /> : <Eye size={14} />}
        </IconButton>
      }
    />
  );
}
