import type { ComponentProps, ReactNode } from "react";
import { cx } from "../lib/cx.ts";
import { fieldBox, fieldInput, type InputSize } from "./field-box.ts";
import { useFieldProps } from "./Field.tsx";

export interface InputProps extends Omit<ComponentProps<"input">, "size"> {
  size?: InputSize;
  /** Quiet look for searches and filters. */
  isSoft?: boolean;
  leading?: ReactNode;
  trailing?: ReactNode;
  boxClassName?: string;
}

export function Input({ size = "md", isSoft = false, leading, trailing, className, boxClassName, ...rest }: InputProps) {
  const field = useFieldProps();
  return (
    <span className={cx(fieldBox(size, isSoft), boxClassName)}>
      {leading}
      <input {...field} className={cx(fieldInput, className)} {...rest} />
      {trailing}
    </span>
  );
}
