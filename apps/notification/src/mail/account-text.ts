import type { AccountLetter, EmailPurpose } from '@taskwire/contracts';

const NOT_YOU =
  'If it was not you, somebody has got into your account: set a new password at once, which ends all other sessions.';
const IGNORE = 'If you did not ask for this, ignore this email: nothing changes.';

/** The page that each link opens, below the account's URL. */
const PAGES: Readonly<Partial<Record<EmailPurpose, string>>> = {
  registration: 'confirm',
  password_reset: 'reset',
  email_change_from: 'email',
  email_change_to: 'email',
};

/** The token stands behind `#`, so that it reaches no server's log and no Referer. */
export function accountText(
  { purpose, token, newEmail, expiresAt }: AccountLetter,
  accountUrl: string,
): { subject: string; text: string } {
  const until = `${expiresAt.slice(0, 16).replace('T', ' ')} UTC`;
  const link =
    token === null ? '' : `  ${accountUrl}/${PAGES[purpose]}#token=${token}\n\nIt works until ${until}.`;
  switch (purpose) {
    case 'registration':
      return {
        subject: 'Confirm your email address',
        text: `Hello,\n\nsomebody registered with Taskwire under this address. If it was you, open this link and enter the password that you chose:\n\n${link}\n\n${IGNORE}\n`,
      };
    case 'registered':
      return {
        subject: 'You have an account already',
        text: `Hello,\n\nsomebody tried to register with Taskwire under this address, which has an account. If it was you, sign in; if you forgot your password, ask for a new one there.\n\n${IGNORE}\n`,
      };
    case 'password_reset':
      return {
        subject: 'Set a new password',
        text: `Hello,\n\nto set a new password for your Taskwire account, open this link:\n\n${link}\n\nAll your sessions end with it. ${IGNORE}\n`,
      };
    case 'email_change_from':
      return {
        subject: 'Confirm the change of your email address',
        text: `Hello,\n\nyour Taskwire account is to have the address ${newEmail} instead of this one. If you asked for this, open this link, and the one that was sent to the new address:\n\n${link}\n\nIf you did not, somebody knows your password: change it at once. Without your confirmation the address stays.\n`,
      };
    case 'email_change_to':
      return {
        subject: 'Confirm your new email address',
        text: `Hello,\n\na Taskwire account is to have this address. If you asked for this, open this link, and the one that was sent to your present address:\n\n${link}\n\n${IGNORE}\n`,
      };
    case 'email_taken':
      return {
        subject: 'This address has an account already',
        text: `Hello,\n\nsomebody wanted to move another Taskwire account to this address, which has an account of its own. To free the address, delete that account or change its email first.\n\n${IGNORE}\n`,
      };
    case 'second_factor_added':
      return {
        subject: 'A second factor was added to your account',
        text: `Hello,\n\nfrom now on your Taskwire account asks for a code of an authenticator app, too, when you sign in. Keep the recovery codes: they are the way in when the app is lost.\n\n${NOT_YOU}\n`,
      };
    case 'second_factor_removed':
      return {
        subject: 'The second factor of your account was removed',
        text: `Hello,\n\nthe second factor of your Taskwire account was removed: the password alone is enough to sign in now.\n\n${NOT_YOU}\n`,
      };
    case 'second_factor_reset':
      return {
        subject: 'An administrator removed the second factor of your account',
        text: `Hello,\n\nan administrator removed the second factor of your Taskwire account, and all your sessions ended. The password alone is enough to sign in now; add a second factor again when you have.\n\nIf you did not ask for this, somebody pretended to be you: set a new password at once, and tell an administrator.\n`,
      };
    case 'passkey_added':
      return {
        subject: 'A passkey was added to your account',
        text: `Hello,\n\na passkey was added to your Taskwire account: it can be used when you sign in, after the password.\n\n${NOT_YOU}\n`,
      };
    case 'passkey_removed':
      return {
        subject: 'A passkey of your account was removed',
        text: `Hello,\n\na passkey of your Taskwire account was removed, and no longer works.\n\n${NOT_YOU}\n`,
      };
    case 'recovery_codes_renewed':
      return {
        subject: 'You have new recovery codes',
        text: `Hello,\n\nnew recovery codes were made for your Taskwire account. Those that you had before no longer work.\n\n${NOT_YOU}\n`,
      };
    case 'api_token_created':
      return {
        subject: 'An API token was made for your account',
        text: `Hello,\n\nan API token was made for your Taskwire account: whoever has it can do what its scopes allow. The list of your API tokens says what they are, and lets you revoke them.\n\n${NOT_YOU}\n`,
      };
  }
}
