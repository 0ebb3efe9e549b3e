import { Link } from "@tanstack/react-router";
import { CircleQuestionMark } from "lucide-react";
import { buttonClass, type ButtonSize } from "./Button.tsx";

/** Leads to the help about an error. */
export const HelpLink = ({ to, size = "md" }: { to: string; size?: ButtonSize }) => {
  const [path = "", hash] = to.split("#");
  return (
    <Link to={path} {...(hash !== undefined && { hash })} className={buttonClass({ variant: "ghost", size })}>
      <CircleQuestionMark size={14} aria-hidden="true" />
      What to do
    </Link>
  );
};
