/* SPDX-License-Identifier: GPL-3.0-or-later */
/* account_act.c — F8: the account itself: its PIN, its number, its end. Only the
 * first device may; the engine says so to the others. */
#include <stdio.h>
#include <string.h>

#include <sodium.h>

#include "tui/screen/app_int.h"

enum {
	ACCOUNT_PIN,
	ACCOUNT_LIFT,
	ACCOUNT_NUMBER,
	ACCOUNT_DELETE,
	ACCOUNT_CHECK,
	ACCOUNT_PASSPHRASE,
};

static void
ask_engine(struct app *a, enum account_step step, int r)
{
	a->account_step = app_asked(a, r) ? step : ACCOUNT_IDLE;
}

static void
pin_typed(struct app *a, const char *pin, int64_t arg)
{
	(void)arg;
	if (strlen(pin) < ENGINE_PIN_MIN) {
		app_notice(a, ST_WARN, "A PIN has %d characters or more.",
		    ENGINE_PIN_MIN);
		return;
	}
	a->account_tag = app_tag(a);
	ask_engine(
	    a, ACCOUNT_SETS_PIN, a->be->set_pin(a->e, a->account_tag, pin));
}

static void
lift_yes(struct app *a, int64_t arg)
{
	(void)arg;
	a->account_tag = app_tag(a);
	ask_engine(
	    a, ACCOUNT_SETS_PIN, a->be->set_pin(a->e, a->account_tag, NULL));
}

static void
number_typed(struct app *a, const char *phone, int64_t arg)
{
	(void)arg;
	if (phone[0] == '\0')
		return;
	a->account_tag = app_tag(a);
	ask_engine(a, ACCOUNT_ASKS_CODE,
	    a->be->change_number(a->e, a->account_tag, phone));
}

static void
code_typed(struct app *a, const char *code, int64_t arg)
{
	(void)arg;
	if (code[0] == '\0')
		return;
	a->account_tag = app_tag(a);
	ask_engine(a, ACCOUNT_MOVES,
	    a->be->change_number_code(a->e, a->account_tag, code));
}

static void
delete_typed(struct app *a, const char *phone, int64_t arg)
{
	(void)arg;
	if (phone[0] == '\0')
		return;
	a->account_tag = app_tag(a);
	ask_engine(a, ACCOUNT_ENDS,
	    a->be->delete_account(a->e, a->account_tag, phone));
}

static void
check_typed(struct app *a, const char *pin, int64_t arg)
{
	(void)arg;
	if (pin[0] == '\0')
		return;
	a->account_tag = app_tag(a);
	ask_engine(
	    a, ACCOUNT_CHECKS_PIN, a->be->check_pin(a->e, a->account_tag, pin));
}

/* ---- the passphrase of this device: old, new, and the new one again ------------- */

static void ask_passphrase(struct app *a, int64_t step);

static void
passphrase_typed(struct app *a, const char *text, int64_t step)
{
	if (step < 2) {
		snprintf(a->passphrase[step], sizeof(a->passphrase[step]), "%s",
		    text);
		ask_passphrase(a, step + 1);
		return;
	}
	if (strcmp(text, a->passphrase[1]) != 0) {
		app_notice(a, ST_WARN, "The two passphrases differ.");
	} else if (text[0] == '\0') {
		app_notice(a, ST_WARN, "An empty one protects nothing.");
	} else {
		a->account_tag = app_tag(a);
		ask_engine(a, ACCOUNT_SETS_PASSPHRASE,
		    a->be->change_passphrase(a->e, a->account_tag,
			a->passphrase[0], a->passphrase[1]));
	}
	sodium_memzero(a->passphrase, sizeof(a->passphrase));
}

static void
ask_passphrase(struct app *a, int64_t step)
{
	static const struct {
		const char *label, *hint;
	} words[] = {
	    {"Present one", "What you type when sotto starts."},
	    {"New one",
		"It protects everything that is kept on this device. Nobody "
		"can help who forgets it."},
	    {"Once more", "The new one again."},
	};

	prompt_begin(a, "Passphrase", words[step].label, words[step].hint, "",
	    passphrase_typed, step);
	prompt_secret(a);
}

static void
chosen(struct app *a, int i, int64_t arg)
{
	(void)arg;
	switch (i) {
	case ACCOUNT_PIN:
		prompt_begin(a, "PIN of your number", "PIN",
		    "Whoever registers your number anew needs it. Keep it: "
		    "nobody can tell you what it is.",
		    "", pin_typed, 0);
		prompt_secret(a);
		break;
	case ACCOUNT_LIFT:
		ask_begin(a, "No PIN any more?", lift_yes, 0,
		    "Whoever gets hold of your number can then register it.");
		break;
	case ACCOUNT_NUMBER:
		prompt_begin(a, "Another number", "Phone",
		    "With its country code. A code is sent there; your "
		    "contacts "
		    "are told.",
		    "", number_typed, 0);
		break;
	case ACCOUNT_CHECK:
		prompt_begin(a, "Do you still know the PIN?", "PIN",
		    "Nobody sees it; this device compares it.", "", check_typed,
		    0);
		prompt_secret(a);
		break;
	case ACCOUNT_PASSPHRASE:
		ask_passphrase(a, 0);
		break;
	default:
		prompt_begin(a, "Delete your account?", "Your number",
		    "Type it to end your account on the relay, for all your "
		    "devices. This cannot be undone.",
		    "", delete_typed, 0);
		break;
	}
}

void
account_menu(struct app *a)
{
	const bool set = a->m.has_self && a->m.self.pin_set;
	const char *const words[] = {
	    set ? "Change the PIN of your number" : "Set a PIN for your number",
	    set ? "Lift the PIN" : "(no PIN is set)",
	    "Move to another number",
	    "Delete your account",
	    set ? "Do you still know the PIN?" : "(no PIN is set)",
	    "Change the passphrase of this device",
	};

	menu_begin(
	    a, "Your account", words, (int)ARRAY_LEN(words), 0, chosen, 0);
}

void
account_event(struct app *a, const struct engine_event *ev)
{
	enum account_step step = a->account_step;

	if (ev->kind == EV_UNLOCKED && ev->self.pin_ask)
		app_notice(a, ST_TEXT,
		    "Do you still know the PIN of your number? F8 checks it.");
	if (ev->tag == 0 || ev->tag != a->account_tag)
		return;
	a->account_step = ACCOUNT_IDLE;
	if (ev->kind == EV_ERROR)
		return; /* its sentence is said */
	if (step == ACCOUNT_ASKS_CODE && ev->kind == EV_CODE_SENT)
		prompt_begin(a, "The code", "Code",
		    "The digits that were sent to the new number.", "",
		    code_typed, 0);
	else if (step == ACCOUNT_CHECKS_PIN)
		app_notice(a, ST_GOOD, "That is the PIN.");
	else if (step == ACCOUNT_SETS_PASSPHRASE)
		app_notice(a, ST_GOOD, "The passphrase is changed.");
	else if (step == ACCOUNT_MOVES)
		app_notice(a, ST_GOOD, "That is your number now.");
	else if (step == ACCOUNT_SETS_PIN)
		app_notice(a, ST_GOOD, "Done. %s",
		    ev->kind == EV_SELF && ev->self.pin_set
			? "Your number has a PIN."
			: "Your number has no PIN.");
}
