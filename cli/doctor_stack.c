/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "cli/doctor_stack.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

#include "cli/scope.h"

#define FILE_MAX 262144 /* bytes */
#define DEPTH_MAX 16
#define RULES_MAX 2048 /* of one stack */
#define WORDS_MAX 256  /* of one line */
#define SPACES " \t\r"
#define OUR_MODULE "pam_apikey.so"

static const char *const folders[] = { "/etc/pam.d", "/usr/lib/pam.d" };
static const char *const phases[STACK_PHASE_COUNT] = { "auth", "account", "password", "session" };

struct reader {
	const struct doctor_files *files;
	struct stacks *stacks;
	struct stack *stack;
};

/* Where a line goes that is being read. */
struct place {
	const char *path;
	unsigned int line;
	int phase;           /* what of the file counts; -1: all */
	unsigned int depth;  /* of substacks */
	unsigned int nested; /* files */
};

static void read_file(struct reader *reader, const char *path, struct place place);

static struct doctor_memory *memory_of(const struct reader *reader)
{
	return reader->files->memory;
}

static void add_fault(struct reader *reader, const struct place *place, const char *what)
{
	struct stack *stack = reader->stack;

	stack->faults =
		doctor_memory_grow(memory_of(reader), stack->faults, stack->fault_count, sizeof(*stack->faults));
	stack->faults[stack->fault_count++] = (struct stack_fault){ place->path, place->line, what };
}

/* Takes the next word off *rest: up to a space, or what brackets hold, which may have spaces. "\]" is a bracket in it.
 * keep: with the brackets. NULL at the end. */
static char *next_word(char **rest, bool keep)
{
	char *word = *rest + strspn(*rest, SPACES), *from, *to;

	if (*word == '\0')
		return NULL;
	if (*word != '[') {
		*rest = word + strcspn(word, SPACES);
		if (**rest != '\0')
			*(*rest)++ = '\0';
		return word;
	}
	for (from = to = word + 1; *from != '\0' && *from != ']'; from++) {
		if (from[0] == '\\' && from[1] == ']')
			from++;
		*to++ = *from;
	}
	*rest = *from == '\0' ? from : from + 1;
	*to = '\0';
	return keep ? word : word + 1;
}

/* Where libpam finds a file that is included. NULL when it is nowhere. */
static const char *find_file(const struct reader *reader, const char *name)
{
	struct stat status;

	if (name[0] == '/')
		return doctor_files_stat(reader->files, name, DOCTOR_FOLLOW, &status) == 0 ? name : NULL;
	for (size_t i = 0; i < COUNT_OF(folders); i++) {
		const char *path = doctor_memory_text(memory_of(reader), "%s/%s", folders[i], name);
		int r = doctor_files_stat(reader->files, path, DOCTOR_FOLLOW, &status);

		if (r == 0 || r == -EACCES)
			return path;
	}
	return NULL;
}

static void follow(struct reader *reader, const char *name, struct place place)
{
	const char *path = find_file(reader, name);

	if (!path) {
		add_fault(reader, &place,
			  doctor_memory_text(memory_of(reader), "the file '%s' that it includes is not there", name));
		return;
	}
	if (++place.nested > DEPTH_MAX) {
		add_fault(reader, &place,
			  doctor_memory_text(memory_of(reader), "including '%s' goes too deep; does it include itself?",
					     name));
		return;
	}
	read_file(reader, path, place);
}

static bool is_ours(const char *module)
{
	const char *slash = strrchr(module, '/');

	return strcmp(slash ? slash + 1 : module, OUR_MODULE) == 0;
}

static struct stack_rule *add_rule(struct reader *reader, struct stack_rule rule)
{
	struct stack *stack = reader->stack;

	stack->rules = doctor_memory_grow(memory_of(reader), stack->rules, stack->rule_count, sizeof(*stack->rules));
	stack->rules[stack->rule_count] = rule;
	return &stack->rules[stack->rule_count++];
}

static void take_module(struct reader *reader, struct place place, int phase, const char *control, char *rest)
{
	struct stack_rule rule = {
		.phase = (enum stack_phase)phase,
		.control_text = control,
		.depth = place.depth,
		.path = place.path,
		.line = place.line,
	};
	const char **arguments = NULL;

	rule.module = next_word(&rest, false);
	rule.control_known = control_parse(control, &rule.control);
	if (!rule.module)
		rule.module = "";
	for (const char *word; rule.argument_count < WORDS_MAX && (word = next_word(&rest, false));) {
		arguments = doctor_memory_grow(memory_of(reader), arguments, rule.argument_count, sizeof(*arguments));
		arguments[rule.argument_count++] = word;
	}
	rule.arguments = arguments;
	rule.is_ours = is_ours(rule.module);
	reader->stack->mentions_us |= rule.is_ours;
	add_rule(reader, rule);
}

static int find_phase(const char *word)
{
	if (*word == '-')
		word++;
	for (int i = 0; i < STACK_PHASE_COUNT; i++)
		if (strcasecmp(word, phases[i]) == 0)
			return i;
	return -1;
}

static void take_line(struct reader *reader, char *text, struct place place)
{
	char *rest = text, *word = next_word(&rest, true), *control;
	int phase;

	if (!word || reader->stack->rule_count >= RULES_MAX)
		return;
	if (strcmp(word, "@include") == 0) {
		word = next_word(&rest, false);
		if (word)
			follow(reader, word, place);
		return;
	}
	phase = find_phase(word);
	if (phase < 0 || (place.phase >= 0 && phase != place.phase))
		return;
	control = next_word(&rest, true);
	if (!control)
		return;
	if (strcasecmp(control, "include") != 0 && strcasecmp(control, "substack") != 0) {
		take_module(reader, place, phase, control, rest);
		return;
	}
	word = next_word(&rest, false);
	if (!word)
		return;
	place.phase = phase;
	if (strcasecmp(control, "substack") == 0) {
		add_rule(reader, (struct stack_rule){ .phase = (enum stack_phase)phase,
						      .opens = true,
						      .module = word,
						      .depth = place.depth++,
						      .path = place.path,
						      .line = place.line });
	}
	follow(reader, word, place);
}

/* Lines go on in the next one behind a backslash; a comment ends each. */
static void read_file(struct reader *reader, const char *path, struct place place)
{
	char *text, *line, *joined = NULL;
	unsigned int number = 0;
	size_t size;
	int r = doctor_files_read(reader->files, path, DOCTOR_FOLLOW, FILE_MAX, false, &text, &size);

	if (r < 0) {
		struct stacks *stacks = reader->stacks;

		stacks->unreadable = doctor_memory_grow(memory_of(reader), stacks->unreadable, stacks->unreadable_count,
							sizeof(*stacks->unreadable));
		stacks->unreadable[stacks->unreadable_count++] = path;
		return;
	}
	place.path = path;
	for (char *rest = text; (line = strsep(&rest, "\n"));) {
		size_t end;
		bool goes_on;

		number++;
		line[strcspn(line, "#")] = '\0';
		for (end = strlen(line); end > 0 && strchr(SPACES, line[end - 1]); end--)
			;
		goes_on = end > 0 && line[end - 1] == '\\';
		line[goes_on ? end - 1 : end] = '\0';
		if (!joined)
			place.line = number;
		joined = joined ? doctor_memory_text(memory_of(reader), "%s %s", joined, line) : line;
		if (goes_on)
			continue;
		take_line(reader, joined, place);
		joined = NULL;
	}
}

/* What package managers and editors leave beside a stack, which no program asks for. */
static bool is_leftover(const char *name)
{
	size_t size = strlen(name);

	return strstr(name, ".dpkg-") || strstr(name, ".rpm") || (size > 0 && name[size - 1] == '~');
}

/* Which files another one includes, by name. */
static void mark_included(struct stacks *stacks)
{
	for (size_t i = 0; i < stacks->count; i++)
		for (size_t j = 0; j < stacks->stacks[i].rule_count; j++)
			for (size_t k = 0; k < stacks->count; k++)
				if (k != i && strcmp(stacks->stacks[i].rules[j].path, stacks->stacks[k].path) == 0)
					stacks->stacks[k].is_included = true;
}

void stacks_load(const struct doctor_files *files, struct stacks *ret_stacks)
{
	struct stacks stacks = { .count = 0 };

	for (size_t i = 0; i < COUNT_OF(folders); i++) {
		char **names;
		int r = doctor_files_list(files, folders[i], &names);

		if (r == -EACCES)
			stacks.folder_denied = true;
		for (; r == 0 && *names; names++) {
			struct reader reader = { .files = files, .stacks = &stacks };
			struct stack stack = { .service = *names };
			bool known = is_leftover(*names);

			for (size_t j = 0; j < stacks.count && !known; j++)
				known = strcmp(stacks.stacks[j].service, *names) == 0;
			if (known)
				continue;
			stack.path = doctor_memory_text(files->memory, "%s/%s", folders[i], *names);
			reader.stack = &stack;
			read_file(&reader, stack.path, (struct place){ .phase = -1 });
			stacks.stacks =
				doctor_memory_grow(files->memory, stacks.stacks, stacks.count, sizeof(*stacks.stacks));
			stacks.stacks[stacks.count++] = stack;
		}
	}
	mark_included(&stacks);
	*ret_stacks = stacks;
}
