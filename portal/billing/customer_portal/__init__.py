"""What customers do in the portal: sessions, logins, flows, plan changes, offers to stay."""
