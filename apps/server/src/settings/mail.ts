import { flag, group, port, secret, text } from "./kinds.ts";

export const mail = group("Email", {
  host: text("SMTP_HOST", { example: "smtp.example.com", description: "SMTP server for outgoing email; empty: email is disabled" }),
  port: port("SMTP_PORT", { default: "587", description: "Port of the SMTP server" }),
  username: text("SMTP_USERNAME", { example: "studio", description: "User name at the SMTP server" }),
  password: secret("SMTP_PASSWORD", { example: "…", description: "Password at the SMTP server" }),
  isTls: flag("SMTP_USE_TLS", { default: "true", description: "Use STARTTLS" }),
  sender: text("SMTP_SENDER_EMAIL", {
    example: "studio@example.com",
    description: "From address of outgoing email; empty: email is disabled",
  }),
});
