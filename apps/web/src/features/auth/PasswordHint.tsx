import { minPasswordLength, passwordStrength, type PasswordOwner, type PasswordStrength } from "@tesslate/contract/passwords";
import { cx } from "../../lib/cx.ts";

const looks: Record<PasswordStrength, { bars: number; color: string; text: string }> = {
  weak: { bars: 1, color: "bg-err", text: "Weak. A few unrelated words make it stronger." },
  fair: { bars: 2, color: "bg-warn", text: "Fair. One more word makes it strong." },
  strong: { bars: 3, color: "bg-ok", text: "Strong." },
};

/** Below the field of a new password: what makes a strong one, then how strong the typed one is. */
export function PasswordHint({ password, owner }: { password: string; owner: PasswordOwner }) {
  if (password === "") return <>At least {minPasswordLength} characters. A few unrelated words make a strong password.</>;
  const { bars, color, text } = looks[passwordStrength(password, owner)];
  return (
    <span className="flex items-center gap-2">
      <span aria-hidden="true" className="flex flex-none gap-0.5">
        {[1, 2, 3].map((bar) => (
          <span key={bar} className={cx("h-1 w-5 rounded-full", bar <= bars ? color : "bg-bg-3")} />
        ))}
      </span>
      {text}
    </span>
  );
}
