"""The mistakes that students make in assignment 6: each a patch on the reference, and the sentence to read.

CONTRIBUTING.md says what each key of an entry holds.
"""

from autograder.course.catalogue import mistake

MISTAKES = {}

_TIES = "It sorts equal numbers, so the last bits decide, and they differ from processor to processor."


_COUNTED = "counts = Counter(word for caption in captions for word in caption.split())"
_KEY = "sorted(frequent, key=lambda word: (-counts[word], word))"
_VOCABULARY = f"vocabulary = SPECIAL + {_KEY}"
_IDS = "ids = [START, *(number.get(word, UNK) for word in caption.split()), END]"
_CUT = "ids = ids[: ids.index(END)]"
_WORDS = "for k in ids if k not in (PAD, START))"

MISTAKES["build_vocabulary"] = [
    mistake(
        id="more_often_than_the_minimum",
        old="if count >= minimum_count",
        new="if count > minimum_count",
        says="A word that occurs exactly minimum_count times is left out. Is it frequent enough?",
    ),
    mistake(
        id="minimum_count_ignored",
        old=" if count >= minimum_count",
        new="",
        says="Every word is kept, however rare. What is the second argument for?",
    ),
    mistake(
        id="rarest_first",
        old="(-counts[word], word)",
        new="(counts[word], word)",
        says="The rarest words come first. Which should?",
    ),
    mistake(
        id="alphabetical_order_alone",
        old=_KEY,
        new="sorted(frequent)",
        says="The words stand in alphabetical order, whatever their counts. What decides first, and what only then?",
    ),
    mistake(
        id="ties_in_the_order_of_appearance",
        old="(-counts[word], word)",
        new="-counts[word]",
        says="Words that are equally frequent stand in the order in which the captions happen to hold them. What "
        "decides between them?",
    ),
    mistake(
        id="ties_from_z_to_a",
        old=_KEY,
        new="sorted(frequent, key=lambda word: (counts[word], word), reverse=True)",
        says="Words that are equally frequent run from z to a. What else turns round when a sorting is reversed?",
    ),
    mistake(
        id="no_special_words",
        old=_VOCABULARY,
        new=f"vocabulary = {_KEY}",
        says="The list begins with the most frequent word, so that this word has PAD's number. What should have the "
        "numbers 0 to 3?",
    ),
    mistake(
        id="special_words_last",
        old=_VOCABULARY,
        new=f"vocabulary = {_KEY} + SPECIAL",
        says="The special words are at the end. Which numbers do PAD, START, END and UNK stand for?",
    ),
    mistake(
        id="counts_captions_and_not_words",
        old=_COUNTED,
        new="counts = Counter(word for caption in captions for word in set(caption.split()))",
        says="A word that a caption holds twice is counted once. What is counted, words or the captions they are in?",
    ),
    mistake(
        id="counts_letters",
        old=_COUNTED,
        new="counts = Counter(word for caption in captions for word in caption)",
        says="The list holds single letters. What does a loop over a string give?",
    ),
    mistake(
        id="lower_case",
        old=_COUNTED,
        new="counts = Counter(word for caption in captions for word in caption.lower().split())",
        says="All words are in lower case, so that those with a capital are unknown from now on. Does the docstring "
        "ask for a change of the words?",
    ),
    mistake(
        id="edits_special",
        old=_VOCABULARY,
        new=f"vocabulary = SPECIAL\n    vocabulary += {_KEY}",
        says="SPECIAL itself grows with each call, and the next vocabulary begins with this one's words. Which "
        "operation makes a new list?",
        exempt="The result is another one in each call; a fingerprint needs the same.",
    ),
    mistake(
        id="encodes_without_start",
        old="ids = [START, *(",
        new="ids = [*(",
        says="The numbers begin with the first word. What does the model read before it?",
    ),
    mistake(
        id="encodes_without_end",
        old="for word in caption.split()), END]",
        new="for word in caption.split())]",
        says="The numbers stop with the last word, so that no model learns to stop. What follows the last word?",
    ),
    mistake(
        id="start_and_end_exchanged",
        old=_IDS,
        new="ids = [END, *(number.get(word, UNK) for word in caption.split()), START]",
        says="The numbers begin with END and stop with START. Which opens a caption?",
    ),
    mistake(
        id="unknown_words_dropped",
        old="*(number.get(word, UNK) for word in caption.split())",
        new="*(number[word] for word in caption.split() if word in number)",
        says="Words that are not in the vocabulary are left out, so that the sentence closes over the gap. Which "
        "number stands for them?",
    ),
    mistake(
        id="unknown_words_become_padding",
        old="number.get(word, UNK)",
        new="number.get(word, PAD)",
        says="Words that are not in the vocabulary get the number 0, which is PAD, and the loss will pass them over. "
        "Which number stands for them?",
    ),
    mistake(
        id="numbers_from_one",
        old="for k, word in enumerate(vocabulary)}",
        new="for k, word in enumerate(vocabulary, 1)}",
        says="Each word's number is one too large. Which place in a list has the number 0?",
    ),
    mistake(
        id="decodes_end_too",
        old=_CUT,
        new="ids = ids[: ids.index(END) + 1]",
        says='The caption holds "<end>". Is END a word of the caption?',
    ),
    mistake(
        id="end_ignored",
        old=_CUT,
        new="pass",
        says="END is a word like others, and what comes after it is read on. When is a caption over?",
    ),
    mistake(
        id="end_left_out_and_read_on",
        old=_CUT,
        new="ids = [k for k in ids if k != END]",
        says="END is left out, and the words after it are kept. When is a caption over?",
    ),
    mistake(
        id="over_at_the_last_end",
        old=_CUT,
        new="ids = ids[: len(ids) - 1 - ids[::-1].index(END)]",
        says="The caption goes on to the last END. Which one closes it?",
    ),
    mistake(
        id="last_word_lost",
        old=_CUT,
        new="ids = ids[: ids.index(END) - 1]",
        says="The word before END is missing. Does a slice hold the place it ends at?",
    ),
    mistake(
        id="decodes_padding",
        old="k not in (PAD, START)",
        new="k != START",
        says='The caption holds "<pad>". Which numbers are not words of a caption?',
    ),
    mistake(
        id="decodes_start",
        old="k not in (PAD, START)",
        new="k != PAD",
        says='The caption holds "<start>". Which numbers are not words of a caption?',
    ),
    mistake(
        id="unknown_words_not_decoded",
        old="k not in (PAD, START)",
        new="k > UNK",
        says="Unknown words vanish from the caption. As what does the docstring show them?",
    ),
    mistake(
        id="over_at_padding",
        old=_WORDS,
        new="for k in (ids[: ids.index(PAD)] if PAD in ids else ids) if k != START)",
        says="The caption is over at the first PAD. Which number closes it?",
    ),
    mistake(
        id="words_stick_together",
        old='" ".join(vocabulary',
        new='"".join(vocabulary',
        says="There are no spaces between the words. What does join put between its parts?",
    ),
    mistake(
        id="alphabet_without_capitals",
        old="(-counts[word], word)",
        new="(-counts[word], word.lower())",
        says="Of equally frequent words those with a capital stand among the others. Which order have Python's "
        "strings?",
    ),
    mistake(
        id="encodes_letters",
        old="number.get(word, UNK) for word in caption.split())",
        new="number.get(word, UNK) for word in caption)",
        says="There is a number for each letter of the caption. What does a loop over a string give?",
    ),
    mistake(
        id="caption_as_a_list",
        old='" ".join(vocabulary[k] for k in ids if k not in (PAD, START))',
        new="[vocabulary[k] for k in ids if k not in (PAD, START)]",
        says="decode gives a list of words. What does the docstring promise?",
    ),
    mistake(
        id="space_at_the_front",
        old='" ".join(vocabulary[k] for k in ids if k not in (PAD, START))',
        new='"".join(" " + vocabulary[k] for k in ids if k not in (PAD, START))',
        says="There is a space before each word, the first one too. Between what should spaces be?",
    ),
    mistake(
        id="space_at_the_end",
        old='" ".join(vocabulary[k] for k in ids if k not in (PAD, START))',
        new='"".join(vocabulary[k] + " " for k in ids if k not in (PAD, START))',
        says="There is a space after each word, the last one too. Between what should spaces be?",
    ),
    mistake(
        id="first_number_cut_off",
        old=_CUT,
        new="ids = ids[1 : ids.index(END)]",
        says="The first number of a row that has an END is always left out, even where it is a word. Which numbers are "
        "no words of a caption?",
    ),
]

MISTAKES["embedding_forward"] = [
    mistake(
        id="columns_instead_of_rows",
        old="E[ids]",
        new="E.T[:, ids]",
        says="The numbers of a word's vector run along the first axis. Along which one does the docstring want them?",
    ),
    mistake(
        id="time_first",
        old="E[ids]",
        new="E[ids.T]",
        says="The first axis is time and the second the captions. Which order have ids?",
    ),
    mistake(
        id="the_row_before",
        old="E[ids]",
        new="E[ids - 1]",
        says="Each word gets the row of the word before it in the vocabulary; the first gets the last row. Which row "
        "is that of number k?",
    ),
    mistake(
        id="padding_gets_zeros",
        old="E[ids]",
        new="E[ids] * (ids != PAD)[:, :, None]",
        says="PAD gets zeros. It has a row of E as every number has; who keeps padding out of the learning?",
    ),
    mistake(
        id="scaled_by_the_root",
        old="E[ids]",
        new="E[ids] * math.sqrt(E.shape[1])",
        says="The vectors are multiplied by the root of their size, as in some later networks. Does the formula?",
    ),
    mistake(
        id="one_hot_rows_alone",
        old="E[ids]",
        new="torch.eye(len(E), dtype=E.dtype)[ids]",
        says="These are the one-hot rows themselves. With what does the formula multiply them?",
    ),
    mistake(
        id="bag_of_words",
        old="E[ids]",
        new="E[ids].sum(dim=1)",
        says="The vectors of a caption are added up, and their order is lost. How many vectors has a caption of T "
        "words?",
    ),
    mistake(
        id="sum_of_the_words_so_far",
        old="E[ids]",
        new="E[ids].cumsum(dim=1)",
        says="Each place holds the sum of all words up to it. What carries the words before, the vectors or the LSTM?",
    ),
    mistake(
        id="vectors_of_length_one",
        old="E[ids]",
        new="torch.nn.functional.normalize(E[ids], dim=2)",
        says="All vectors have length 1. Does a product with a one-hot row change a row of E?",
    ),
    mistake(
        id="captions_below_each_other",
        old="E[ids]",
        new="E[ids.flatten()]",
        says="The words of all captions stand in one column. How many axes has the result?",
    ),
    mistake(
        id="first_word_of_a_caption_alone",
        old="E[ids]",
        new="E[ids[:, :1]].expand(-1, ids.shape[1], -1)",
        says="Each place has the vector of its caption's first word. Which number belongs to place t?",
    ),
]

_ADD = "dE.index_add_(0, ids.flatten(), dout.flatten(0, 1))  # repeated words add"
_OVERWRITTEN = (
    "A word that occurs several times gets the gradient of one of its occurrences alone: the others were overwritten. "
    "How do the formula's terms meet?"
)

MISTAKES["embedding_backward"] = [
    mistake(
        id="repeated_words_overwritten",
        old=_ADD,
        new="dE[ids.flatten()] = dout.flatten(0, 1)",
        says=_OVERWRITTEN,
    ),
    mistake(
        id="repeated_words_overwritten_although_added",
        old=_ADD,
        new="dE[ids] += dout",
        says=_OVERWRITTEN,
    ),
    mistake(
        id="mean_of_the_occurrences",
        old=_ADD,
        new=_ADD + "\n    dE /= torch.bincount(ids.flatten(), minlength=K).clamp(min=1)[:, None]",
        says="Each row is the mean over the occurrences of its word. Is there a division in the formula?",
    ),
    mistake(
        id="mean_over_the_captions",
        old=_ADD,
        new=_ADD + "\n    dE /= len(ids)",
        says="The gradient is divided by the number of captions. The loss has done its averaging already: what is left "
        "to divide by?",
    ),
    mistake(
        id="mean_over_all_places",
        old=_ADD,
        new=_ADD + "\n    dE /= ids.numel()",
        says="The gradient is divided by N*T. The loss has done its averaging already: what is left to divide by?",
    ),
    mistake(
        id="last_word_alone",
        old=_ADD,
        new="dE.index_add_(0, ids[:, -1], dout[:, -1])",
        says="Only the last column counts. Over which t does the sum go?",
    ),
    mistake(
        id="first_word_alone",
        old=_ADD,
        new="dE.index_add_(0, ids[:, 0], dout[:, 0])",
        says="Only the first column counts. Over which t does the sum go?",
    ),
    mistake(
        id="first_caption_alone",
        old=_ADD,
        new="dE.index_add_(0, ids[0], dout[0])",
        says="Only the first caption counts. Over which n does the sum go?",
    ),
    mistake(
        id="padding_gets_no_gradient",
        old=_ADD,
        new=_ADD + "\n    dE[PAD] = 0",
        says="The row of PAD is zero. The derivative of a lookup knows no special words: is dout of padding not zero "
        "by itself?",
    ),
    mistake(
        id="words_and_gradients_in_different_orders",
        old="ids.flatten(), dout",
        new="ids.T.flatten(), dout",
        says="The words run down the columns and the gradients along the rows, so that each goes to another word. In "
        "which order does flatten read?",
    ),
    mistake(
        id="as_many_rows_as_words_seen",
        old="torch.zeros(K, dout.shape[2], dtype=dout.dtype)",
        new="torch.zeros(int(ids.max()) + 1, dout.shape[2], dtype=dout.dtype)",
        says="There are only as many rows as the largest number here asks for. What shape has E?",
    ),
    mistake(
        id="everything_to_every_word",
        old=_ADD,
        new="dE += dout.sum(dim=(0, 1))",
        says="Every word gets the sum of all gradients. Which terms belong to word k?",
    ),
    mistake(
        id="transposed_gradient",
        old=_ADD,
        new=_ADD + "\n    dE = dE.T.contiguous()",
        says="The gradient is transposed. Which shape has the gradient of a matrix?",
    ),
    mistake(
        id="last_caption_alone",
        old=_ADD,
        new="dE.index_add_(0, ids[-1], dout[-1])",
        says="Only the last caption counts. Over which n does the sum go?",
    ),
    mistake(
        id="added_once_for_each_occurrence",
        old=_ADD,
        new=_ADD + "\n    dE *= torch.bincount(ids.flatten(), minlength=K)[:, None]",
        says="Each row is multiplied by how often its word occurs, on top of the sum. How often does each gradient "
        "count?",
    ),
]

_LOG_P = "log_p = logits.log_softmax(dim=2).gather(2, targets[:, :, None])  # (N, T, 1)"
_LOSS = "loss = -log_p[targets != PAD].mean()"

_TINY = (
    "Where the logits lie far apart the loss is too small: no word costs more than the logarithm of some tiny number. "
    "What is the logarithm of the softmax, worked out by hand?"
)

MISTAKES["caption_loss"] = [
    mistake(
        id="padding_in_the_loss",
        old=_LOSS,
        new="loss = -log_p.mean()",
        says="The padding is part of the mean: the model is trained to say PAD. Which targets are words?",
    ),
    mistake(
        id="mean_over_all_places_of_the_batch",
        old=_LOSS,
        new="loss = -log_p[targets != PAD].sum() / targets.numel()",
        says="The padding is left out of the sum, and counted in what it is divided by: N*T. What is M?",
    ),
    mistake(
        id="sum_instead_of_mean",
        old=_LOSS,
        new="loss = -log_p[targets != PAD].sum()",
        says="This is the sum over all words. What does the formula divide by?",
    ),
    mistake(
        id="divided_by_the_captions",
        old=_LOSS,
        new="loss = -log_p[targets != PAD].sum() / len(targets)",
        says="The sum is divided by the number of captions. By what does the formula divide?",
    ),
    mistake(
        id="mean_of_the_captions_means",
        old=_LOSS,
        new="valid = (targets != PAD).to(logits.dtype)\n"
        "    loss = -((log_p[:, :, 0] * valid).sum(dim=1) / valid.sum(dim=1).clamp(min=1)).mean()",
        says="Each caption is averaged first, then the captions: a word of a short one counts more. What counts alike "
        "in the formula, words or captions?",
    ),
    mistake(
        id="gain_instead_of_loss",
        old="loss = -log_p[",
        new="loss = log_p[",
        says="The sign is missing: minimising this makes the captions improbable. Which sign has a log probability?",
    ),
    mistake(
        id="softmax_before_the_cross_entropy",
        old="logits.log_softmax(dim=2)",
        new="logits.softmax(dim=2).log_softmax(dim=2)",
        says="The softmax is taken twice, so that no probability gets near 1. What does log_softmax expect?",
    ),
    mistake(
        id="probability_instead_of_its_logarithm",
        old="logits.log_softmax(dim=2)",
        new="logits.softmax(dim=2)",
        says="This is minus the mean probability of the words. Where is the logarithm?",
    ),
    mistake(
        id="logarithm_of_a_rounded_softmax",
        old="logits.log_softmax(dim=2)",
        new="logits.softmax(dim=2).log()",
        says="Where the logits are large the loss is infinite: a probability was rounded to 0 before its logarithm was "
        "taken. What is the logarithm of the softmax, worked out by hand?",
    ),
    mistake(
        id="exponentials_overflow",
        old="logits.log_softmax(dim=2)",
        new="(logits - logits.exp().sum(dim=2, keepdim=True).log())",
        says="Where the logits are large the loss is not finite: their exponentials overflow. What may be subtracted "
        "from all logits of a word without a change?",
    ),
    mistake(
        id="softmax_over_time",
        old="log_softmax(dim=2)",
        new="log_softmax(dim=1)",
        says="The softmax runs over the places of a caption. Over which axis do the probabilities of the next word add "
        "up to 1?",
    ),
    mistake(
        id="softmax_over_the_batch",
        old="log_softmax(dim=2)",
        new="log_softmax(dim=0)",
        says="The softmax runs over the pictures of the batch. Over which axis do the probabilities of the next word "
        "add up to 1?",
    ),
    mistake(
        id="no_softmax",
        old="logits.log_softmax(dim=2)",
        new="logits",
        says="The logits themselves are averaged. When is a logit a log probability?",
    ),
    mistake(
        id="end_left_out",
        old=_LOSS,
        new="loss = -log_p[(targets != PAD) & (targets != END)].mean()",
        says="END is left out of the mean, so that no model learns to stop. Which targets does the docstring leave "
        "out?",
    ),
    mistake(
        id="unknown_words_left_out",
        old=_LOSS,
        new="loss = -log_p[(targets != PAD) & (targets != UNK)].mean()",
        says="UNK is left out of the mean. Which targets does the docstring leave out?",
    ),
    mistake(
        id="all_special_words_left_out",
        old=_LOSS,
        new="loss = -log_p[targets > UNK].mean()",
        says="All special words are left out of the mean. Which targets does the docstring leave out?",
    ),
    mistake(
        id="the_padding_alone",
        old=_LOSS,
        new="loss = -log_p[targets == PAD].mean()",
        says="The mask is turned round: the mean goes over the padding alone. Where is it true?",
    ),
    mistake(
        id="logits_masked_instead_of_terms",
        old=_LOG_P + "\n    " + _LOSS,
        new="""logits = logits * (targets != PAD)[:, :, None]
    log_p = logits.log_softmax(dim=2).gather(2, targets[:, :, None])
    loss = -log_p.mean()""",
        says="The logits of the padding are set to 0, and each place of padding costs log K. What should it cost?",
    ),
    mistake(
        id="shifted_once_more",
        old=_LOG_P,
        new="log_p = logits.log_softmax(dim=2).gather(2, targets.roll(-1, dims=1)[:, :, None])",
        says="Each place's logits are compared with the word after theirs. The shift was made before the call: which "
        "target belongs to logits[:, t]?",
    ),
    mistake(
        id="the_likeliest_word_instead_of_the_true_one",
        old="logits.log_softmax(dim=2).gather(2, targets[:, :, None])",
        new="logits.log_softmax(dim=2).max(dim=2).values",
        says="This is the cost of the words that the model finds likeliest. Whose probability is asked?",
    ),
    mistake(
        id="bits_instead_of_nats",
        old=_LOSS,
        new="loss = -log_p[targets != PAD].mean() / math.log(2)",
        says="This is the loss in bits. Which logarithm gives nats?",
    ),
    mistake(
        id="perplexity",
        old=_LOSS,
        new="loss = (-log_p[targets != PAD].mean()).exp()",
        says="This is the perplexity, the loss's exponential. What does the formula end with?",
    ),
    mistake(
        id="no_gradient",
        old=_LOSS,
        new="loss = -log_p[targets != PAD].mean().detach()",
        says="No gradient flows through it. What cuts the graph?",
    ),
    mistake(
        id="divided_by_the_places_of_a_caption",
        old=_LOSS,
        new="loss = -log_p[targets != PAD].sum() / targets.shape[1]",
        says="The sum is divided by the number of columns T. What is M?",
    ),
    mistake(
        id="first_word_left_out",
        old=_LOSS,
        new="loss = -log_p[:, 1:][targets[:, 1:] != PAD].mean()",
        says="The first column of targets is left out of the mean. Is START among the targets?",
    ),
    mistake(
        id="a_loss_for_each_word",
        old=_LOSS,
        new="loss = -log_p[targets != PAD][:, 0]",
        says="There is a loss for each word. What makes one number of them?",
    ),
    mistake(
        id="returns_a_number",
        old=_LOSS,
        new="loss = -log_p[targets != PAD].mean().item()",
        says="The loss is a number and no tensor: no gradient flows through it. What cuts the graph?",
    ),
    mistake(
        id="a_tiny_number_added",
        old="logits.log_softmax(dim=2)",
        new="(logits.softmax(dim=2) + 1e-8).log()",
        says=_TINY,
    ),
    mistake(
        id="a_tinier_number_added",
        old="logits.log_softmax(dim=2)",
        new="(logits.softmax(dim=2) + 1e-12).log()",
        says=_TINY,
    ),
]

_GATES = "i, f, g, o = (x @ U.T + h @ W.T + b).chunk(4, dim=1)  # (N, H) each"
_CELL = "c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)"
_H = "h = torch.sigmoid(o) * torch.tanh(c)"
_GATES_EXCHANGED = (
    "The old cell is multiplied by the input gate and the candidate by the forget gate. In which order do the blocks "
    "stand, and which gate lets new things in?"
)

MISTAKES["lstm_step"] = [
    mistake(
        id="order_i_f_o_g",
        old="i, f, g, o = (",
        new="i, f, o, g = (",
        says="The third block is used as the output gate and the fourth as the candidate. Which order does the "
        "docstring give?",
    ),
    mistake(
        id="i_and_f_exchanged",
        old="i, f, g, o = (",
        new="f, i, g, o = (",
        says=_GATES_EXCHANGED,
    ),
    mistake(
        id="sigmoid_candidate",
        old="torch.tanh(g)",
        new="torch.sigmoid(g)",
        says="The candidate g goes through a sigmoid, so that the cell can only be added to. Which function has it?",
    ),
    mistake(
        id="h_without_tanh",
        old=_H,
        new="h = torch.sigmoid(o) * c",
        says="h is o times c itself. Through what does the cell go on its way out?",
    ),
    mistake(
        id="h_from_the_cell_before",
        old=_CELL + "\n    " + _H,
        new="h = torch.sigmoid(o) * torch.tanh(c)\n    " + _CELL,
        says="h was made from c_{t-1}. In which order are the two equations?",
    ),
    mistake(
        id="candidate_times_forget_gate",
        old="torch.sigmoid(i) * torch.tanh(g)",
        new="torch.sigmoid(f) * torch.tanh(g)",
        says="The candidate is multiplied by the forget gate. Which gate lets new things in?",
    ),
    mistake(
        id="nothing_is_forgotten",
        old="torch.sigmoid(f) * c +",
        new="c +",
        says="The old cell is added whole. What is it multiplied by?",
    ),
    mistake(
        id="forget_and_input_are_one_gate",
        old="torch.sigmoid(i) * torch.tanh(g)",
        new="(1 - torch.sigmoid(f)) * torch.tanh(g)",
        says="The input gate is one minus the forget gate, as in a GRU. Which block of the products belongs to i?",
    ),
    mistake(
        id="no_bias",
        old="h @ W.T + b)",
        new="h @ W.T)",
        says="The bias is left out. What is added to the two products?",
    ),
    mistake(
        id="words_unread",
        old="(x @ U.T + h @ W.T + b)",
        new="(0 * (x @ U.T) + h @ W.T + b)",
        says="x plays no part. What does a step read besides its state?",
    ),
    mistake(
        id="h_unread",
        old="(x @ U.T + h @ W.T + b)",
        new="(x @ U.T + 0 * (h @ W.T) + b)",
        says="h_{t-1} plays no part: only the cell remembers. What do the gates read besides x?",
    ),
    mistake(
        id="output_gate_without_sigmoid",
        old="torch.sigmoid(o)",
        new="o",
        says="The output gate is used before its sigmoid. Between which numbers does a gate lie?",
    ),
    mistake(
        id="gates_with_tanh",
        old="torch.sigmoid(f) * c + torch.sigmoid(i)",
        new="torch.tanh(f) * c + torch.tanh(i)",
        says="Input and forget gate go through tanh. Between which numbers does a gate lie?",
    ),
    mistake(
        id="candidate_without_tanh",
        old="torch.sigmoid(i) * torch.tanh(g)",
        new="torch.sigmoid(i) * g",
        says="The candidate has no tanh. Which function does the formula give to g?",
    ),
    mistake(
        id="h_and_c_exchanged",
        old=_H,
        new="h, c = c, torch.sigmoid(o) * torch.tanh(c)",
        says="h and c are exchanged. Which one comes first?",
    ),
    mistake(
        id="gates_along_the_rows",
        old=_GATES,
        new="""a = (x @ U.T + h @ W.T + b)
    i, f, g, o = (a[:, j::4] for j in range(4))""",
        says="Every fourth number was taken for a gate. The blocks lie one after the other: how long is each?",
    ),
    mistake(
        id="the_state_before_is_cut_off",
        old="(x @ U.T + h @ W.T + b)",
        new="(x @ U.T + h.detach() @ W.T + b)",
        says="No gradient flows from the gates to h_{t-1}. What cuts the graph?",
    ),
    mistake(
        id="cell_changed_in_place",
        old=_CELL,
        new="with torch.no_grad():\n        c.copy_(torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g))",
        says="The argument c was overwritten, and no gradient flows through it. What may a step do with its arguments?",
    ),
    mistake(
        id="forget_gate_on_the_way_out",
        old="h = torch.sigmoid(o)",
        new="h = torch.sigmoid(f)",
        says="The cell goes out through the forget gate. Which gate does the formula of h have?",
    ),
    mistake(
        id="input_gate_on_the_way_out",
        old="h = torch.sigmoid(o)",
        new="h = torch.sigmoid(i)",
        says="The cell goes out through the input gate. Which gate does the formula of h have?",
    ),
    mistake(
        id="input_gate_for_the_old_cell",
        old="torch.sigmoid(f) * c +",
        new="torch.sigmoid(i) * c +",
        says="The old cell is multiplied by the input gate. Which gate decides what is kept?",
    ),
    mistake(
        id="gates_of_old_and_new_exchanged",
        old=_CELL,
        new="c = torch.sigmoid(i) * c + torch.sigmoid(f) * torch.tanh(g)",
        says=_GATES_EXCHANGED,
    ),
    mistake(
        id="cell_read_for_h",
        old="h @ W.T",
        new="c @ W.T",
        says="The gates read c_{t-1} where h_{t-1} should be. Which state does W multiply?",
    ),
    mistake(
        id="sigmoid_on_the_way_out",
        old="torch.tanh(c)",
        new="torch.sigmoid(c)",
        says="The cell goes through a sigmoid on its way out, so that h is never negative. Which function has it?",
    ),
    mistake(
        id="bias_twice",
        old="h @ W.T + b)",
        new="h @ W.T + 2 * b)",
        says="The bias is added twice. How many biases has the notation?",
    ),
    mistake(
        id="h_twice",
        old=_H,
        new=_H + "\n    c = h",
        says="h is returned in the place of c too. What does the next step multiply by its forget gate?",
    ),
    mistake(
        id="candidate_added_whole",
        old="torch.sigmoid(i) * torch.tanh(g)",
        new="torch.tanh(g)",
        says="The candidate is added whole. What is it multiplied by?",
    ),
    mistake(
        id="output_gate_with_tanh",
        old="torch.sigmoid(o)",
        new="torch.tanh(o)",
        says="The output gate goes through tanh. Between which numbers does a gate lie?",
    ),
    mistake(
        id="order_i_o_f_g",
        old="i, f, g, o = (",
        new="i, o, f, g = (",
        says="The second block is used as the output gate, the third as the forget gate and the fourth as the "
        "candidate. Which order does the docstring give?",
    ),
    mistake(
        id="order_f_i_o_g",
        old="i, f, g, o = (",
        new="f, i, o, g = (",
        says="The first two blocks are used in each other's place, and the last two as well. Which order does the "
        "docstring give?",
    ),
    mistake(
        id="i_and_o_exchanged",
        old="i, f, g, o = (",
        new="o, f, g, i = (",
        says="The first block is used as the output gate and the last as the input gate. Which order does the "
        "docstring "
        "give?",
    ),
    mistake(
        id="old_cell_left_out",
        old="torch.sigmoid(f) * c + torch",
        new="torch",
        says="The old cell plays no part in the new one. What does the forget gate let through?",
    ),
    mistake(
        id="output_gate_left_out",
        old=_H,
        new="h = torch.tanh(c)",
        says="h is the tanh of the cell. What is it multiplied by?",
    ),
    mistake(
        id="cell_squashed",
        old=_H,
        new="c = torch.tanh(c)\n    h = torch.sigmoid(o) * c",
        says="The cell that is returned has gone through tanh. Does the formula squash what is kept, or what goes out?",
    ),
]

_STATE = "state = lstm_step(features @ self.I.T + self.b_I, zeros, zeros, self.U, self.W, self.b)"
_STEP = "h, c = lstm_step(self.E[words], *state, self.U, self.W, self.b)"
_LOGITS = "logits = h @ self.V.T + self.c_out"
_READ = "for words in tokens[:, :-1].T:  # the last word is never read"
_FORWARD = "state, logits_t = self.step(state, words)"
_BEGIN = "state, logits = self.start(features), []"

MISTAKES["CaptionModel"] = [
    mistake(
        id="picture_unused",
        old=_STATE,
        new="state = zeros, zeros",
        says="The state is zero whatever the picture is: this is a language model. When is the picture read?",
    ),
    mistake(
        id="picture_unused_in_training",
        old=_BEGIN,
        new="state, logits = tuple(0 * s for s in self.start(features)), []",
        says="`forward` begins with zeros, and its logits are the same for every picture. Which state has heard of the "
        "picture?",
    ),
    mistake(
        id="another_rows_picture",
        old=_BEGIN,
        new="state, logits = self.start(features.flip(0)), []",
        says="Each caption is read after another row's picture. In which order are features and tokens?",
    ),
    mistake(
        id="picture_without_its_bias",
        old="features @ self.I.T + self.b_I",
        new="features @ self.I.T",
        says="b_I is left out. What is x_{-1}?",
    ),
    mistake(
        id="picture_through_tanh",
        old="features @ self.I.T + self.b_I",
        new="torch.tanh(features @ self.I.T + self.b_I)",
        says="The picture's vector goes through a tanh before it is read. What is x_{-1}?",
    ),
    mistake(
        id="picture_read_twice",
        old=_STATE,
        new="x = features @ self.I.T + self.b_I\n        state = lstm_step(x, zeros, zeros, self.U, self.W, self.b)\n"
        "        state = lstm_step(x, *state, self.U, self.W, self.b)",
        says="The picture is read twice before START. How many steps lie between the zero state and START?",
    ),
    mistake(
        id="start_read_with_the_picture",
        old=_STATE,
        new=_STATE
        + "\n        state = lstm_step(self.E[START].expand(len(features), -1), *state, self.U, self.W, self.b)",
        says="`start` has read START after the picture, and START will be read once more by `forward` and the "
        "decoders. What has been read when `start` returns?",
    ),
    mistake(
        id="start_read_before_the_picture",
        old=_STATE,
        new="state = lstm_step(self.E[START].expand(len(features), -1), zeros, zeros, self.U, self.W, self.b)\n"
        "        state = lstm_step(features @ self.I.T + self.b_I, *state, self.U, self.W, self.b)",
        says="START has been read before the picture. What does the LSTM read from its zero state?",
    ),
    mistake(
        id="cell_forgets_the_picture",
        old=_STATE,
        new="state = lstm_step(features @ self.I.T + self.b_I, zeros, zeros, self.U, self.W, self.b)[0], zeros",
        says="Only h has heard of the picture; c is zero. What makes up the state?",
    ),
    mistake(
        id="picture_without_a_gradient",
        old="features @ self.I.T + self.b_I",
        new="(features @ self.I.T + self.b_I).detach()",
        says="I and b_I get no gradient: how the picture is read is never learnt. What cuts the graph?",
    ),
    mistake(
        id="logits_from_the_cell",
        old="logits = h @ self.V.T",
        new="logits = c @ self.V.T",
        says="The logits are made from c. Which part of the state does the formula multiply by V?",
    ),
    mistake(
        id="logits_without_their_bias",
        old=_LOGITS,
        new="logits = h @ self.V.T",
        says="c_out is left out. What is added to V h?",
    ),
    mistake(
        id="logits_from_the_state_before",
        old=_LOGITS,
        new="logits = state[0] @ self.V.T + self.c_out",
        says="The logits come from the state before the word was read. Which h belongs to logits_t?",
    ),
    mistake(
        id="probabilities_instead_of_logits",
        old=_LOGITS,
        new="logits = (h @ self.V.T + self.c_out).softmax(dim=1)",
        says="These are probabilities. The loss and the decoders take logits: who applies the softmax?",
    ),
    mistake(
        id="log_probabilities_instead_of_logits",
        old=_LOGITS,
        new="logits = (h @ self.V.T + self.c_out).log_softmax(dim=1)",
        says="These are log probabilities. The docstring asks for logits: who applies the softmax?",
    ),
    mistake(
        id="h_and_c_exchanged_in_the_state",
        old="*state, self.U",
        new="state[1], state[0], self.U",
        says="A word is read with h in the place of c and c in the place of h. In which order does the pair hold them?",
    ),
    mistake(
        id="state_returned_as_it_was",
        old=_LOGITS,
        new=_LOGITS + "\n        h, c = state",
        says="`step` returns the state it was given: no word is remembered. Which state has read the word?",
    ),
    mistake(
        id="word_before_unread",
        old="self.E[words]",
        new="self.E[torch.full_like(words, START)]",
        says="Every step reads START, whatever the word is. Which row of E is read?",
    ),
    mistake(
        id="shift_missing",
        old=_READ,
        new="for words in tokens[:, 1:].T:",
        says="Each step reads the very word that its logits are for, and START is never read. What is known when word "
        "t+1 is to be said?",
    ),
    mistake(
        id="last_word_read_too",
        old=_READ,
        new="for words in tokens.T:",
        says="There is one step too many: the last word is read, and its logits are for nothing. How many words of a "
        "row of T have to be predicted?",
    ),
    mistake(
        id="logits_of_start",
        old=_BEGIN + "\n        " + _READ,
        new="""state = self.start(features)
        logits = [state[0] @ self.V.T + self.c_out]
        for words in tokens[:, :-2].T:""",
        says="The logits come one step too early: the first ones are for START, from the picture alone. For which word "
        "are logits[:, 0]?",
    ),
    mistake(
        id="state_not_carried",
        old=_FORWARD,
        new="_, logits_t = self.step(state, words)",
        says="Every step begins with the picture's state: only the last word is known. Where does the new state go?",
    ),
    mistake(
        id="reads_its_own_words",
        old=_FORWARD,
        new="words = logits[-1].argmax(dim=1) if logits else words\n            " + _FORWARD,
        says="From the second step on the model reads its own likeliest word. What does teacher forcing feed?",
    ),
    mistake(
        id="stacked_time_first",
        old="logits = torch.stack(logits, dim=1)",
        new="logits = torch.stack(logits, dim=0)",
        says="The first axis is time and the second the pictures. What shape does the docstring promise?",
    ),
    mistake(
        id="gradients_cut_between_steps",
        old=_FORWARD,
        new="state, logits_t = self.step(tuple(s.detach() for s in state), words)",
        says="No gradient flows from a step to the one before it, nor to the picture. What cuts the graph?",
    ),
    mistake(
        id="backwards_in_time",
        old=_READ,
        new="for words in tokens[:, :-1].flip(1).T:",
        says="The words are read from the last to the first. In which order are they said?",
    ),
    mistake(
        id="last_logits_alone",
        old="logits = torch.stack(logits, dim=1)",
        new="logits = logits[-1]",
        says="`forward` gives the logits of the last step alone. For which words does the docstring ask for logits?",
    ),
    mistake(
        id="cell_empty_in_every_step",
        old="*state, self.U",
        new="state[0], 0 * state[1], self.U",
        says="c is zero in every step: only h carries the words on. What makes up the state?",
    ),
    mistake(
        id="h_empty_in_every_step",
        old="*state, self.U",
        new="0 * state[0], state[1], self.U",
        says="h is zero in every step: only c carries the words on. What makes up the state?",
    ),
    mistake(
        id="steps_beside_each_other",
        old="logits = torch.stack(logits, dim=1)",
        new="logits = torch.cat(logits, dim=1)",
        says="The logits of all steps stand in one row. What makes a new axis?",
    ),
    mistake(
        id="laid_out_anew",
        old="logits = torch.stack(logits, dim=1)",
        new="logits = torch.stack(logits)\n        logits = logits.reshape(len(features), -1, logits.shape[2])",
        says="The numbers stand in the order of a tensor whose first axis is time, cut into rows of another shape: "
        "steps and pictures are mixed up. What exchanges two axes?",
    ),
]

_MODEL_LOSS = "loss = caption_loss(model(features, tokens), tokens[:, 1:])"
_CLIP = "norm = torch.nn.utils.clip_grad_norm_(model.parameters(), max_norm)"
_ZERO = "optimiser.zero_grad()"
_GRADIENTS = "loss.backward()"
_MOVE_WEIGHTS = "optimiser.step()"

_UNMOVED = "The parameters stay as they were. Who changes them, and what must be there when that happens?"
_UNCLIPPED = (
    "The parameters were moved by gradients that had not been clipped. What is done, "
    "and when, if the norm is above max_norm?"
)

MISTAKES["train_step"] = [
    mistake(
        id="gradients_pile_up",
        old=_ZERO,
        new="pass",
        says="The gradients of earlier batches are still there, and this batch's are added to them. Where does "
        "backward leave its results?",
    ),
    mistake(
        id="gradients_zeroed_too_late",
        old=_GRADIENTS,
        new="loss.backward()\n    optimiser.zero_grad()",
        says="The norm returned is 0 and nothing is learnt. What is left of the gradients when their norm is taken?",
    ),
    mistake(
        id="gradients_zeroed_before_the_step",
        old=_MOVE_WEIGHTS,
        new="optimiser.zero_grad()\n    optimiser.step()",
        says=_UNMOVED,
    ),
    mistake(
        id="no_step",
        old=_MOVE_WEIGHTS,
        new="pass",
        says=_UNMOVED,
    ),
    mistake(
        id="no_clipping",
        old=_CLIP,
        new='norm = torch.nn.utils.clip_grad_norm_(model.parameters(), float("inf"))',
        says=_UNCLIPPED,
    ),
    mistake(
        id="clipped_after_the_step",
        old=_CLIP + "\n    " + _MOVE_WEIGHTS,
        new=_MOVE_WEIGHTS + "\n    " + _CLIP,
        says=_UNCLIPPED,
    ),
    mistake(
        id="each_array_clipped_by_itself",
        old=_CLIP,
        new="""norm = torch.nn.utils.clip_grad_norm_(model.parameters(), float("inf"))
    for parameter in model.parameters():
        torch.nn.utils.clip_grad_norm_([parameter], max_norm)""",
        says="Each array is clipped by its own norm, which turns the whole gradient into another direction. Whose norm "
        "is compared with max_norm?",
    ),
    mistake(
        id="entries_clipped",
        old=_CLIP,
        new="""norm = torch.nn.utils.clip_grad_norm_(model.parameters(), float("inf"))
    torch.nn.utils.clip_grad_value_(model.parameters(), max_norm)""",
        says="Each entry is cut to max_norm by itself. What is compared with max_norm, an entry or the norm of all?",
    ),
    mistake(
        id="always_rescaled",
        old=_CLIP,
        new="""norm = torch.nn.utils.clip_grad_norm_(model.parameters(), float("inf"))
    for parameter in model.parameters():
        parameter.grad *= max_norm / norm""",
        says="Small gradients are made as large as max_norm. When does none change?",
    ),
    mistake(
        id="norm_after_clipping",
        old=_CLIP,
        new=_CLIP + "\n    norm = torch.minimum(norm, torch.tensor(max_norm))",
        says="The norm returned is the one after clipping, never above max_norm. Which one tells how training goes?",
    ),
    mistake(
        id="square_of_the_norm",
        old=_CLIP,
        new=_CLIP + "**2",
        says="The second number is the square of the norm. What is left to take?",
    ),
    mistake(
        id="norm_of_the_last_array",
        old=_CLIP,
        new=_CLIP + "\n    norm = list(model.parameters())[-1].grad.norm()",
        says="The norm returned is that of one array. Whose norm is asked?",
    ),
    mistake(
        id="start_as_target",
        old="tokens[:, 1:])",
        new="tokens[:, :-1])",
        says="The logits are compared with the words that were read: START is the first target and END of the longest "
        "caption none. Which words are the logits for?",
    ),
    mistake(
        id="padding_in_the_training_loss",
        old=_MODEL_LOSS,
        new="logits = model(features, tokens)\n"
        "    loss = torch.nn.functional.cross_entropy(logits.flatten(0, 1), tokens[:, 1:].flatten())",
        says="The padding is part of the loss. Which loss does the docstring name?",
    ),
    mistake(
        id="last_column_dropped",
        old=_MODEL_LOSS,
        new="loss = caption_loss(model(features, tokens[:, :-1]), tokens[:, 1:-1])",
        says="The last column of tokens takes no part: the longest captions never learn their END. Which function "
        "leaves the last word unread already?",
    ),
    mistake(
        id="uphill",
        old=_GRADIENTS,
        new="(-loss).backward()",
        says="The step goes uphill: the loss grows. Which sign has the loss when the gradients are taken?",
    ),
    mistake(
        id="two_steps",
        old=_MOVE_WEIGHTS,
        new="optimiser.step()\n    optimiser.step()",
        says="Two steps are made with the same gradients. How many does one batch pay for?",
    ),
    mistake(
        id="another_pictures_captions",
        old="model(features, tokens)",
        new="model(features.flip(0), tokens)",
        says="The captions are learnt for other rows' pictures. Which picture belongs to row n?",
    ),
    mistake(
        id="learns_without_pictures",
        old="model(features, tokens)",
        new="model(0 * features, tokens)",
        says="The pictures are set to zero. What should the captions depend on?",
    ),
    mistake(
        id="loss_after_the_step",
        old=_MOVE_WEIGHTS,
        new="""optimiser.step()
    loss = caption_loss(model(features, tokens), tokens[:, 1:])""",
        says="The loss returned is that of the changed parameters. Which loss made the gradients?",
    ),
    mistake(
        id="loss_of_a_caption",
        old=_GRADIENTS,
        new="""loss = loss * (tokens[:, 1:] != PAD).sum() / len(tokens)
    loss.backward()""",
        says="The loss is one of a caption, not of a word: it is larger by the mean number of words. Over what does "
        "caption_loss average?",
    ),
    mistake(
        id="sum_of_the_arrays_norms",
        old=_CLIP,
        new="""norm = sum(parameter.grad.norm() for parameter in model.parameters())
    for parameter in model.parameters():
        parameter.grad *= min(1.0, max_norm / norm)""",
        says="The norm is the sum of the arrays' norms. How is the norm of one long vector made of those of its parts?",
    ),
    mistake(
        id="largest_norm_of_an_array",
        old=_CLIP,
        new="""norm = max(parameter.grad.norm() for parameter in model.parameters())
    for parameter in model.parameters():
        parameter.grad *= min(1.0, max_norm / norm)""",
        says="The norm is that of the array with the largest. How is the norm of one long vector made of those of its "
        "parts?",
    ),
    mistake(
        id="clipped_by_the_square",
        old=_CLIP,
        new="""norm = sum((parameter.grad**2).sum() for parameter in model.parameters())
    for parameter in model.parameters():
        parameter.grad *= min(1.0, max_norm / norm)""",
        says="The gradients are clipped, and their norm returned, as if the square of the norm were the norm. What is "
        "left to take?",
    ),
    mistake(
        id="divided_by_the_norm",
        old=_CLIP,
        new="""norm = torch.nn.utils.clip_grad_norm_(model.parameters(), float("inf"))
    if norm > max_norm:
        for parameter in model.parameters():
            parameter.grad /= norm""",
        says="Where the norm is above max_norm, the gradients get the norm 1. Which norm should they get?",
    ),
    mistake(
        id="multiplied_by_max_norm",
        old=_CLIP,
        new="""norm = torch.nn.utils.clip_grad_norm_(model.parameters(), float("inf"))
    if norm > max_norm:
        for parameter in model.parameters():
            parameter.grad *= max_norm""",
        says="Where the norm is above max_norm, the gradients are multiplied by max_norm. By what does the docstring "
        "multiply them?",
    ),
    mistake(
        id="large_gradients_dropped",
        old=_MOVE_WEIGHTS,
        new="if norm <= max_norm:\n        optimiser.step()",
        says="Where the norm is above max_norm, no step is made. What becomes of such gradients?",
    ),
    mistake(
        id="clipped_before_there_are_gradients",
        old=_GRADIENTS + "\n    " + _CLIP,
        new=_CLIP + "\n    " + _GRADIENTS,
        says="The norm returned is 0, and the parameters were moved by gradients that had not been clipped. When are "
        "there gradients to clip?",
    ),
]

_FIRST = "state, words, said = model.start(features), torch.full((len(features),), START), []"
_ROUND = "state, logits = model.step(state, words)"
_ROWS = "rows = torch.stack(said, dim=1).tolist()"
_ENDS = "captions = [row[: row.index(END)] if END in row else row for row in rows]"

MISTAKES["decode_greedy"] = [
    mistake(
        id="reads_start_in_every_step",
        old=_ROUND,
        new="state, logits = model.step(state, torch.full_like(words, START))",
        says="Every step reads START. What does the model read after it has said something?",
    ),
    mistake(
        id="begins_with_end",
        old="torch.full((len(features),), START)",
        new="torch.full((len(features),), END)",
        says="The first step reads END. Which word opens a caption?",
    ),
    mistake(
        id="begins_with_pad",
        old="torch.full((len(features),), START)",
        new="torch.full((len(features),), PAD)",
        says="The first step reads PAD. Which word opens a caption?",
    ),
    mistake(
        id="pictures_unused",
        old=_FIRST,
        new="state, words, said = model.start(0 * features), torch.full((len(features),), START), []",
        says="All captions are the same: the model was shown zeros. What does `start` read?",
    ),
    mistake(
        id="one_picture_for_all",
        old="model.start(features)",
        new="model.start(features[:1].expand(len(features), -1))",
        says="All captions are those of the first picture. Which rows of features does `start` read?",
    ),
    mistake(
        id="state_stands_still",
        old=_ROUND,
        new="_, logits = model.step(state, words)",
        says="Every step begins with the picture's state: only the last word is known. Where does the new state of a "
        "step go?",
    ),
    mistake(
        id="keeps_end",
        old="row[: row.index(END)] if",
        new="row[: row.index(END) + 1] if",
        says="END stands at the end of the captions that end. Is it part of what is said?",
    ),
    mistake(
        id="end_ignored_greedy",
        old=_ENDS,
        new="captions = rows",
        says="Nothing ends: every caption has max_length words, with END somewhere among them. What does END mean?",
    ),
    mistake(
        id="leaves_end_out_and_goes_on",
        old=_ENDS,
        new="captions = [[word for word in row if word != END] for row in rows]",
        says="END is left out, and what comes after it is kept. When is a caption over?",
    ),
    mistake(
        id="ends_at_the_last_end",
        old=_ENDS,
        new="captions = [row[: len(row) - 1 - row[::-1].index(END)] if END in row else row for row in rows]",
        says="Each caption is cut at its last END. Which one counts?",
    ),
    mistake(
        id="ends_at_pad",
        old=_ENDS,
        new="captions = [row[: row.index(PAD)] if PAD in row else row for row in rows]",
        says="Captions end at PAD. With which word does the model say that it has finished?",
    ),
    mistake(
        id="all_end_with_the_first",
        old=_ROWS,
        new="""ends = [bool((words == END).any()) for words in said]
    rows = torch.stack(said[: ends.index(True) + 1] if True in ends else said, dim=1).tolist()""",
        says="As soon as one caption ends, all are cut off. Who decides when the others end?",
    ),
    mistake(
        id="unfinished_captions_lost",
        old="if END in row else row for",
        new="if END in row else [] for",
        says="A caption that has no END is empty. How long may it be?",
    ),
    mistake(
        id="takes_the_least_likely",
        old="logits.argmax(dim=1)",
        new="logits.argmin(dim=1)",
        says="In each step the least likely word is taken. Which one has the largest logit?",
    ),
    mistake(
        id="last_of_equal_logits",
        old="logits.argmax(dim=1)",
        new="logits.shape[1] - 1 - logits.flip(1).argmax(dim=1)",
        says="Of equal logits the last one wins. Which one should?",
        exempt="It shows where logits are equal only, and there the last bits decide for right solutions that compare "
        "probabilities.",
    ),
    mistake(
        id="one_word_too_few",
        old="range(max_length)",
        new="range(max(1, max_length - 1))",
        says="Captions are cut one word too early. How many words may be said?",
    ),
    mistake(
        id="one_word_too_many",
        old="range(max_length)",
        new="range(max_length + 1)",
        says="Captions that do not end are one word longer than max_length. Does START count?",
    ),
    mistake(
        id="never_says_pad_or_start",
        old="words = logits.argmax(dim=1)  # (N,)",
        new="words = logits[:, END:].argmax(dim=1) + END",
        says="PAD and START are never chosen. It sounds sensible; what does the docstring ask for?",
    ),
    mistake(
        id="never_says_unk",
        old="words = logits.argmax(dim=1)  # (N,)",
        new="words = torch.where(torch.arange(logits.shape[1]) == UNK, -torch.inf, logits).argmax(dim=1)",
        says="UNK is never chosen. It sounds sensible; what does the docstring ask for?",
    ),
    mistake(
        id="keeps_start",
        old=_ROWS,
        new="rows = [[START, *row] for row in torch.stack(said, dim=1).tolist()]",
        says="Each caption begins with START. Was it said, or only read?",
    ),
    mistake(
        id="a_list_for_each_step",
        old=_ROWS,
        new="rows = torch.stack(said, dim=0).tolist()",
        says="There is a list for each step, not for each picture. Along which axis do the steps lie?",
    ),
    mistake(
        id="words_are_tensors",
        old=_ROWS,
        new="rows = [list(row) for row in torch.stack(said, dim=1)]",
        says="The lists hold tensors, not ints. What turns a tensor into numbers?",
    ),
    mistake(
        id="padded_to_one_length",
        old=_ENDS,
        new="""captions = [
        [word if END not in row[: t + 1] else PAD for t, word in enumerate(row)] for row in rows
    ]""",
        says="All captions have the same length: PAD takes the place of END and of what follows. May the lists differ "
        "in length?",
    ),
    mistake(
        id="ends_at_pad_too",
        old=_ENDS,
        new="""captions = [
        row[: min([t for t, word in enumerate(row) if word in (PAD, END)], default=len(row))] for row in rows
    ]""",
        says="Captions end at PAD as well as at END. What does the docstring say of PAD?",
    ),
    mistake(
        id="pad_and_start_left_out",
        old=_ENDS,
        new="""captions = [row[: row.index(END)] if END in row else row for row in rows]
    captions = [[word for word in row if word not in (PAD, START)] for row in captions]""",
        says="PAD and START have been taken out of what was said. What does the docstring say of them?",
    ),
    mistake(
        id="all_end_before_the_first",
        old=_ROWS,
        new="""ends = [bool((words == END).any()) for words in said]
    rows = torch.stack(said, dim=1)[:, : ends.index(True) if True in ends else None].tolist()""",
        says="As soon as one caption ends, all are cut off. Who decides when the others end?",
    ),
    mistake(
        id="special_words_left_out",
        old=_ENDS,
        new="""captions = [row[: row.index(END)] if END in row else row for row in rows]
    captions = [[word for word in row if word > UNK] for row in captions]""",
        says="PAD, START and UNK have been taken out of what was said. What does the docstring say of them?",
    ),
    mistake(
        id="first_word_lost",
        old=_ROWS,
        new="rows = torch.stack(said, dim=1)[:, 1:].tolist()",
        says="The first word of each caption is missing. Does START stand among the words said?",
    ),
    mistake(
        id="word_before_end_lost",
        old="row[: row.index(END)] if",
        new="row[: row.index(END) - 1] if",
        says="The word before END is missing. Does a slice hold the place it ends at?",
    ),
]

_P = "p = (logits / temperature).softmax(dim=1)  # (N, K)"
_DRAW = "words = torch.multinomial(p, 1, generator=generator).flatten()  # (N,)"
_TEMPERATURE_IGNORED = (
    "The temperature changes nothing: the words have their probabilities at temperature 1. What is divided by it, and "
    "before which function?"
)
_TEMPERATURE_MULTIPLIED = (
    "The temperature works the wrong way round: a higher one makes the likeliest words likelier still. Is a logit "
    "multiplied by it or divided?"
)

MISTAKES["decode_sample"] = [
    mistake(
        id="temperature_multiplied",
        old="(logits / temperature)",
        new="(logits * temperature)",
        says=_TEMPERATURE_MULTIPLIED,
    ),
    mistake(
        id="probabilities_to_the_power_of_the_temperature",
        old=_P,
        new="p = logits.softmax(dim=1) ** temperature",
        says=_TEMPERATURE_MULTIPLIED,
    ),
    mistake(
        id="temperature_ignored",
        old="(logits / temperature)",
        new="logits",
        says=_TEMPERATURE_IGNORED,
    ),
    mistake(
        id="probabilities_divided_by_the_temperature",
        old=_P,
        new="p = logits.softmax(dim=1) / temperature",
        says=_TEMPERATURE_IGNORED,
    ),
    mistake(
        id="softmax_twice_before_drawing",
        old=_P,
        new="p = (logits.softmax(dim=1) / temperature).softmax(dim=1)",
        says="The softmax is taken twice: the words are drawn nearly alike. What is divided by the temperature?",
    ),
    mistake(
        id="likeliest_word_always",
        old=_DRAW,
        new="words = p.argmax(dim=1)",
        says="The likeliest word is taken always: this is decode_greedy. What does the generator decide?",
    ),
    mistake(
        id="all_words_alike",
        old=_P,
        new="p = torch.ones_like(logits)",
        says="All words are drawn with the same probability. What does the model say about them?",
    ),
    mistake(
        id="softmax_over_the_pictures",
        old=".softmax(dim=1)",
        new=".softmax(dim=0)",
        says="The softmax runs over the pictures of the batch. Over which axis do the probabilities of the next word "
        "add up to 1?",
    ),
    mistake(
        id="global_generator",
        old="generator=generator",
        new="generator=None",
        says="The words are drawn from a generator that all code shares, so that the generator given leads to other "
        "captions each time. From which one should they be drawn?",
    ),
    mistake(
        id="global_generator_seeded",
        old=_DRAW,
        new="torch.manual_seed(generator.initial_seed() + len(said))\n        words = torch.multinomial(p, 1)[:, 0]",
        says="A generator that all code shares was seeded anew, and all that draws from it later is changed. Which "
        "generator is given?",
    ),
    mistake(
        id="same_draw_for_all_pictures",
        old=_DRAW,
        new="u = torch.rand(1, generator=generator, dtype=p.dtype)\n"
        "        words = (p.cumsum(dim=1) < u).sum(dim=1).clamp(max=p.shape[1] - 1)",
        says="All pictures share one random number in each step. How many are needed, if captions are drawn "
        "independently of each other?",
    ),
    mistake(
        id="same_draw_in_every_step",
        old=_DRAW,
        new="again = torch.Generator().manual_seed(generator.initial_seed())\n"
        "        words = torch.multinomial(p, 1, generator=again)[:, 0]",
        says="Every step draws with the same random numbers: a word tells what the next one will be. What happens to a "
        "generator when a number is drawn from it?",
    ),
    mistake(
        id="two_likeliest_words_alone",
        old=_P,
        new="p = (logits / temperature).softmax(dim=1)\n"
        "        p = torch.where(p >= p.topk(2, dim=1).values[:, 1:], p, 0)",
        says="Only the two likeliest words are ever drawn. To which words does the formula give a probability of 0?",
    ),
    mistake(
        id="draws_one_word_and_reads_another",
        old="said.append(words)",
        new="said.append(words)\n        words = logits.argmax(dim=1)",
        says="The word that is read next is the likeliest one, and not the one that was drawn. Which word was said?",
    ),
    mistake(
        id="reads_start_in_every_step_of_a_sample",
        old=_ROUND,
        new="state, logits = model.step(state, torch.full_like(words, START))",
        says="Every step reads START. What does the model read after it has said something?",
    ),
    mistake(
        id="begins_a_sample_with_end",
        old="torch.full((len(features),), START)",
        new="torch.full((len(features),), END)",
        says="The first step reads END. Which word opens a caption?",
    ),
    mistake(
        id="begins_a_sample_with_pad",
        old="torch.full((len(features),), START)",
        new="torch.full((len(features),), PAD)",
        says="The first step reads PAD. Which word opens a caption?",
    ),
    mistake(
        id="pictures_unused_by_samples",
        old="model.start(features)",
        new="model.start(0 * features)",
        says="The captions do not depend on the pictures: the model was shown zeros. What does `start` read?",
    ),
    mistake(
        id="state_stands_still_in_samples",
        old=_ROUND,
        new="_, logits = model.step(state, words)",
        says="Every step begins with the picture's state: only the last word is known. Where does the new state of a "
        "step go?",
    ),
    mistake(
        id="keeps_end_of_a_sample",
        old="row[: row.index(END)] if",
        new="row[: row.index(END) + 1] if",
        says="END stands at the end of the captions that end. Is it part of what is said?",
    ),
    mistake(
        id="end_ignored_in_samples",
        old=_ENDS,
        new="captions = rows",
        says="Nothing ends: every caption has max_length words, with END somewhere among them. What does END mean?",
    ),
    mistake(
        id="leaves_end_of_a_sample_out_and_goes_on",
        old=_ENDS,
        new="captions = [[word for word in row if word != END] for row in rows]",
        says="END is left out, and what comes after it is kept. When is a caption over?",
    ),
    mistake(
        id="never_draws_end",
        old=_P,
        new="""p = (logits / temperature).softmax(dim=1)
        p[:, END] = 0""",
        says="END is never drawn, so that no caption ends before max_length. What probability has it?",
    ),
    mistake(
        id="sample_one_word_too_many",
        old="range(max_length)",
        new="range(max_length + 1)",
        says="Captions that do not end are one word longer than max_length. Does START count?",
    ),
    mistake(
        id="keeps_start_of_a_sample",
        old=_ROWS,
        new="rows = [[START, *row] for row in torch.stack(said, dim=1).tolist()]",
        says="Each caption begins with START. Was it said, or only read?",
    ),
    mistake(
        id="all_drawn_for_the_first_picture",
        old=_DRAW,
        new="words = torch.multinomial(p[0], len(p), replacement=True, generator=generator)",
        says="All words are drawn from the first picture's probabilities. Which row of p belongs to picture n?",
    ),
    mistake(
        id="seeds_the_generator_anew",
        old=_FIRST,
        new="generator = torch.Generator().manual_seed(0)\n    " + _FIRST,
        says="The captions are the same whichever generator is given. What does it decide?",
        exempt="With one seed it gives what a right answer gives.",
    ),
    mistake(
        id="sample_one_word_too_few",
        old="range(max_length)",
        new="range(max(1, max_length - 1))",
        says="Captions are cut one word too early. How many words may be said?",
    ),
    mistake(
        id="all_samples_end_with_the_first",
        old=_ROWS,
        new="""ends = [bool((words == END).any()) for words in said]
    rows = torch.stack(said[: ends.index(True) + 1] if True in ends else said, dim=1).tolist()""",
        says="As soon as one caption ends, all are cut off. Who decides when the others end?",
    ),
]

_ONLY_END = "only_end[END] = 0.0"
_TOTALS = "totals = scores[:, None] + torch.where(finished[:, None], only_end, log_p)  # (k, K)"
_BEST = "best, order = totals.flatten().sort(descending=True, stable=True)  # (k*K,)"
_NEW = "words, parents, scores = order[:k] % K, order[:k] // K, best[:k]"
_COPIES = "h, c = model.start(features.expand(k, -1))  # (k, H): the same picture in every slot"
_EXTEND = "words, parents, scores = extend_beam(scores, logits.log_softmax(dim=1), finished)"
_MOVE = "h, c = h[parents], c[parents]  # everything moves to its new slot"
_SAID = "said = torch.cat([said[parents], words[:, None]], dim=1)"
_FINISHED = "finished = words == END  # what has ended goes on with END"
_SIZES = "sizes = (said != END).sum(dim=1) + finished  # END counts once"
_VALUES = "values = scores / sizes**alpha"
_CHOSEN = "best = values.argmax()"
_CAPTION = "caption = [word for word in said[best].tolist() if word != END]"

MISTAKES["decode_beam"] = [
    mistake(
        id="finished_ones_pay_for_end_again",
        old="torch.where(finished[:, None], only_end, log_p)",
        new="torch.where(finished[:, None], only_end + log_p[:, END:][:, :1], log_p)",
        says="In extend_beam a finished hypothesis pays for END in every round again, and sinks. What does its only "
        "continuation cost?",
    ),
    mistake(
        id="finished_ones_leave_the_beam",
        old=_ONLY_END,
        new="pass",
        says="In extend_beam a finished hypothesis has no continuation and is lost. Which one keeps its slot?",
    ),
    mistake(
        id="finished_ones_go_on",
        old=_TOTALS,
        new="totals = scores[:, None] + log_p",
        says="In extend_beam a finished hypothesis goes on with any word, as if it had not ended. What is its only "
        "continuation?",
    ),
    mistake(
        id="finished_ones_go_on_for_nothing",
        old="log_p.new_full((K,), -torch.inf)",
        new="log_p.new_zeros(K)",
        says="In extend_beam a finished hypothesis goes on with every word for nothing, and fills the beam. How many "
        "continuations has it?",
        exempt=_TIES,
    ),
    mistake(
        id="scores_forgotten",
        old=_BEST,
        new="order = (totals - scores.clamp(min=-1e9)[:, None]).flatten().sort(descending=True, stable=True).indices\n"
        "    best = totals.flatten()[order]",
        says="In extend_beam the score before a word plays no part: the likeliest last words win. What is a "
        "continuation worth?",
    ),
    mistake(
        id="one_continuation_of_each_slot",
        old=_BEST + "\n    " + _NEW,
        new="""best, words = totals.max(dim=1)
    best, parents = best.sort(descending=True, stable=True)
    words, scores = words[parents], best""",
        says="In extend_beam each slot gives its own best continuation: k greedy searches side by side. Among what is "
        "the best of all looked for?",
    ),
    mistake(
        id="worst_continuations",
        old="sort(descending=True, stable=True)",
        new="where(totals.flatten() > -torch.inf, torch.inf).sort(stable=True)",
        says="In extend_beam the worst continuations come first. Is a log probability better if it is larger or "
        "smaller?",
    ),
    mistake(
        id="later_slot_first_of_equals",
        old=_BEST,
        new="""best, order = totals.flatten().flip(0).sort(descending=True, stable=True)
    order = k * K - 1 - order""",
        says="In extend_beam, of two equal scores the later one comes first. Which one should?",
    ),
    mistake(
        id="smaller_word_before_earlier_slot",
        old=_BEST + "\n    " + _NEW,
        new="""best, order = totals.T.flatten().sort(descending=True, stable=True)
    words, parents, scores = order[:k] // k, order[:k] % k, best[:k]""",
        says="In extend_beam, of two equal scores the one with the smaller word comes first, whatever its slot. What "
        "decides first?",
    ),
    mistake(
        id="words_and_parents_mixed_up",
        old=_NEW,
        new="words, parents, scores = (order[:k] // k).clamp(max=K - 1), order[:k] % k, best[:k]",
        says="In extend_beam a place in the flattened table is taken apart by k. How many places belong to one slot?",
    ),
    mistake(
        id="states_not_moved",
        old=_MOVE,
        new="pass",
        says="The states stay in their slots while the hypotheses move: each goes on from another one's past. What "
        "belongs to a hypothesis besides its words?",
    ),
    mistake(
        id="cells_not_moved",
        old=_MOVE,
        new="h = h[parents]",
        says="h moves with its hypothesis and c stays. What makes up the state?",
    ),
    mistake(
        id="words_not_moved",
        old="torch.cat([said[parents], words",
        new="torch.cat([said, words",
        says="New words are put behind whatever stands in the slot. To which hypothesis does a continuation belong?",
    ),
    mistake(
        id="finished_not_moved",
        old=_FINISHED,
        new="finished = finished | (words == END)",
        says="A slot that has held a finished hypothesis counts as finished from then on, whatever moves into it. "
        "Where do the flags go when the hypotheses move?",
    ),
    mistake(
        id="nothing_is_ever_finished",
        old=_FINISHED,
        new="finished = torch.zeros_like(finished)",
        says="Hypotheses that have ended are extended like others, and lose their slots. Which word finishes one?",
    ),
    mistake(
        id="all_slots_begin_alike",
        old="scores[0] = 0.0",
        new="scores[:] = 0.0",
        says="All k slots begin with START and score 0, and say the same to the end: a beam of k copies of greedy "
        "search. What do the other slots hold at first?",
    ),
    mistake(
        id="picture_unused_by_the_beam",
        old="model.start(features.expand(k, -1))",
        new="model.start(0 * features.expand(k, -1))",
        says="All pictures get the same caption: the model was shown zeros. What does `start` read?",
    ),
    mistake(
        id="begins_a_beam_with_end",
        old="torch.full((k,), START)",
        new="torch.full((k,), END)",
        says="The first round reads END. Which word opens a caption?",
    ),
    mistake(
        id="begins_a_beam_with_pad",
        old="torch.full((k,), START)",
        new="torch.full((k,), PAD)",
        says="The first round reads PAD. Which word opens a caption?",
    ),
    mistake(
        id="reads_start_in_every_round",
        old="model.step((h, c), words)",
        new="model.step((h, c), torch.full((k,), START))",
        says="Every round reads START. What does a hypothesis read after it has said something?",
    ),
    mistake(
        id="beam_state_stands_still",
        old="(h, c), logits = model.step((h, c), words)",
        new="_, logits = model.step((h, c), words)",
        says="Every round begins with the picture's state: only the last word is known. Where does the new state of a "
        "step go?",
    ),
    mistake(
        id="adds_logits",
        old="logits.log_softmax(dim=1)",
        new="logits",
        says="Logits are added up. Logits of different steps have no common zero: what turns them into log "
        "probabilities?",
    ),
    mistake(
        id="adds_probabilities",
        old="logits.log_softmax(dim=1)",
        new="logits.softmax(dim=1)",
        says="Probabilities are added up. The probability of a caption is a product: of what is it the sum?",
    ),
    mistake(
        id="softmax_over_the_slots",
        old="logits.log_softmax(dim=1)",
        new="logits.log_softmax(dim=0)",
        says="The softmax runs over the slots of the beam. Over which axis do the probabilities of the next word add "
        "up to 1?",
        exempt=_TIES,
    ),
    mistake(
        id="no_length_normalisation",
        old=_VALUES,
        new="values = scores",
        says="The sums are compared as they are, whatever alpha is: short captions win. What is a sum divided by?",
    ),
    mistake(
        id="alpha_ignored",
        old=_VALUES,
        new="values = scores / sizes",
        says="The sums are divided by the length itself, whatever alpha is. To which power?",
    ),
    mistake(
        id="multiplied_by_the_length",
        old=_VALUES,
        new="values = scores * sizes**alpha",
        says="The sums are multiplied by the length's power, which punishes long captions twice. What makes a long "
        "one's sum comparable with a short one's?",
    ),
    mistake(
        id="divided_by_alpha_times_the_length",
        old=_VALUES,
        new="values = scores / (sizes * alpha if alpha else 1)",
        says="The sums are divided by alpha times the length. Where does alpha stand in the formula?",
    ),
    mistake(
        id="end_not_counted",
        old=_SIZES,
        new="sizes = (said != END).sum(dim=1).clamp(min=1)",
        says="The length leaves END out. Does its log probability stand in the sum?",
    ),
    mistake(
        id="start_counted",
        old=_SIZES,
        new="sizes = (said != END).sum(dim=1) + finished + 1",
        says="The length is one too large. Does START count among a hypothesis's words?",
    ),
    mistake(
        id="every_length_is_the_longest",
        old=_SIZES,
        new="sizes = torch.full((k,), max_length)",
        says="All sums are divided by the same power of max_length, so that the division changes no comparison. How "
        "long is a hypothesis that has ended in the third round?",
    ),
    mistake(
        id="worth_not_divided",
        old=_CAPTION,
        new=_CAPTION + "\n    values = scores",
        says="What the caption is worth is returned as the plain sum. What was compared?",
    ),
    mistake(
        id="chooses_the_worst",
        old=_CHOSEN,
        new="best = int(values.where(scores > -torch.inf, torch.inf).argmin())",
        says="The worst of the k hypotheses is returned. Is a log probability better if it is larger or smaller?",
    ),
    mistake(
        id="takes_the_first_slot",
        old=_CHOSEN,
        new="best = 0",
        says="The first slot wins always: it has the largest sum, which need not be worth most. What is compared in "
        "the end?",
    ),
    mistake(
        id="unfinished_ones_take_no_part",
        old=_CHOSEN,
        new="best = int(values.where(finished | ~finished.any(), -torch.inf).argmax())",
        says="A hypothesis that was cut off at max_length takes no part as long as another one has ended. What does "
        "the docstring say of it?",
    ),
    mistake(
        id="stops_with_the_first_finished",
        old=_FINISHED,
        new="""finished = words == END
        if finished.any():
            break""",
        says="The search stops as soon as one hypothesis has ended. May a longer one not be better?",
    ),
    mistake(
        id="stops_when_the_best_has_finished",
        old=_FINISHED,
        new="""finished = words == END
        if finished[0]:
            break""",
        says="The search stops as soon as the hypothesis in the first slot has ended. May a longer one not be worth "
        "more, when both are divided by their lengths?",
    ),
    mistake(
        id="keeps_end_of_a_beam",
        old=_CAPTION,
        new="caption = said[best].tolist()\n    caption = caption[: (caption + [END]).index(END) + 1]",
        says="END stands at the end of the caption. Is it part of what is said?",
    ),
    mistake(
        id="keeps_every_end",
        old=_CAPTION,
        new="caption = said[best].tolist()",
        says="A caption that has ended is filled up with END to max_length. Is END part of what is said?",
    ),
    mistake(
        id="keeps_start_of_a_beam",
        old=_CAPTION,
        new="caption = [START, *(word for word in said[best].tolist() if word != END)]",
        says="The caption begins with START. Was it said, or only read?",
    ),
    mistake(
        id="special_words_dropped",
        old=_CAPTION,
        new="caption = [word for word in said[best].tolist() if word not in (PAD, START, END)]",
        says="PAD and START are dropped from the caption, although the model has said them. Which of its words are "
        "left out?",
    ),
    mistake(
        id="divided_sums_are_carried_on",
        old=_SAID,
        new=_SAID + "\n        scores = scores / said.shape[1] ** alpha",
        says="The sums are divided in every round, and go on as divided ones. When is the division made?",
    ),
    mistake(
        id="one_round_too_few",
        old="range(max_length)",
        new="range(max(1, max_length - 1))",
        says="There is one round too few. How many words may a caption have?",
    ),
    mistake(
        id="one_round_too_many",
        old="range(max_length)",
        new="range(max_length + 1)",
        says="There is one round too many. Does START count?",
    ),
    mistake(
        id="scores_not_added",
        old=_TOTALS,
        new="totals = torch.where(finished[:, None], only_end, log_p)",
        says="In extend_beam the new scores are the log probabilities of the last words alone: nothing of the scores "
        "before is in them. What is a continuation worth?",
        exempt=_TIES,
    ),
    mistake(
        id="scores_not_carried",
        old=_EXTEND,
        new="words, parents, _ = extend_beam(scores, logits.log_softmax(dim=1), finished)",
        says="No round hears of the scores of the round before: they are those of the beginning. Where do the new "
        "scores go?",
    ),
    mistake(
        id="nothing_moves",
        old=_MOVE + "\n        " + _SAID,
        new="said = torch.cat([said, words[:, None]], dim=1)",
        says="Neither the words said so far nor the states follow the hypotheses to their new slots. What are the "
        "parents for?",
    ),
    mistake(
        id="finished_moved_with_the_new_ends",
        old=_FINISHED,
        new="finished = (finished | (words == END))[parents]",
        says="The flags of the new words have been moved as if they stood in the old slots. Which flags still have to "
        "move, those from before the round or those of the new words?",
    ),
    mistake(
        id="the_constant_of_wu_et_al",
        old=_VALUES,
        new="values = scores / ((5 + sizes) / 6) ** alpha",
        says="The length is (5 + |y|)/6, as in Wu et al. Which length does the docstring divide by?",
    ),
    mistake(
        id="scores_of_the_last_words_alone",
        old=_NEW,
        new="words, parents = order[:k] % K, order[:k] // K\n    scores = log_p[parents, words]",
        says="In extend_beam the new scores are the log probabilities of the last words alone. What is a hypothesis "
        "worth that goes on with a word?",
    ),
    mistake(
        id="end_counted_for_all",
        old=_SIZES,
        new="sizes = (said != END).sum(dim=1) + 1",
        says="END is counted even where a hypothesis was cut off before it. How many words have such ones?",
    ),
]

_COUNT = "matched[n] += (counts & most).total()  # the smaller count of each: clipped"
_LARGER = "most |= count_ngrams(other, n)  # the larger count of each n-gram"
_NEAREST = "r += min((abs(len(other) - len(words)), len(other)) for other in others)[1]"
_SPLIT = "words, others = caption.split(), [sentence.split() for sentence in sentences]"
_PRECISIONS = "p = [matched[n] / max(1, possible[n]) for n in matched]"
_PENALTY = "min(1.0, math.exp(1 - r / c))"
_PRODUCT = "math.prod(p) ** 0.25"
_SCORE = f"score = 0.0 if 0 in p else {_PENALTY} * {_PRODUCT}"

MISTAKES["bleu"] = [
    mistake(
        id="averaged_over_the_sentences",
        old=_SCORE,
        new=f"""{_SCORE}
    if len(captions) > 1:
        pairs = zip(captions, references, strict=True)
        score = sum(bleu([caption], [sentences]) for caption, sentences in pairs) / len(captions)""",
        says="This is the mean of the captions' own BLEU, in which one without a common 4-gram counts as 0. What is "
        "added up over all captions before anything is divided?",
    ),
    mistake(
        id="counts_not_clipped",
        old=_COUNT,
        new="matched[n] += sum(count for ngram, count in counts.items() if ngram in most)",
        says='The counts are not clipped: "the the the" matches three times where the reference has one "the". How '
        "often may an n-gram be matched?",
    ),
    mistake(
        id="clipped_at_all_references_together",
        old=_LARGER,
        new="most += count_ngrams(other, n)",
        says="The references' counts are added up, so that a word may be matched once for each of them. Which one of "
        "the references decides?",
    ),
    mistake(
        id="clipped_at_the_reference_that_has_fewest",
        old=_LARGER,
        new="most = count_ngrams(other, n) if other is others[0] else most & count_ngrams(other, n)",
        says="Only what stands in all references is matched. Which one of them decides?",
    ),
    mistake(
        id="first_reference_alone",
        old="[sentence.split() for sentence in sentences]",
        new="[sentences[0].split()]",
        says="Only the first reference counts. What are the others for?",
    ),
    mistake(
        id="last_reference_alone",
        old=_LARGER,
        new="most = count_ngrams(other, n)",
        says="The n-grams of the last reference alone are matched. What happens to those of the ones before?",
    ),
    mistake(
        id="different_ngrams_alone",
        old=_COUNT,
        new="counts = Counter(counts.keys())\n            matched[n] += len(counts & most)",
        says="Each n-gram of a caption counts once, however often it stands there. What is the denominator of p_n, "
        "different n-grams or all?",
    ),
    mistake(
        id="no_brevity_penalty",
        old=_SCORE,
        new=f"score = 0.0 if 0 in p else {_PRODUCT}",
        says="Short captions are not punished: one sure word would have p_1 = 1. What is the product multiplied by?",
    ),
    mistake(
        id="long_captions_rewarded",
        old=_PENALTY,
        new="math.exp(1 - r / c)",
        says="Captions that are longer than their references get more than their precision. What is the largest value "
        "of the first factor?",
    ),
    mistake(
        id="long_captions_punished",
        old=_PENALTY,
        new="min(1.0, math.exp(1 - c / r))",
        says="Long captions are punished and short ones not. Which of r and c is divided by the other?",
    ),
    mistake(
        id="penalty_is_a_ratio",
        old=_PENALTY,
        new="min(1.0, c / r)",
        says="The penalty is c / r itself. What function of it does the formula take?",
    ),
    mistake(
        id="penalty_turned_round",
        old=_PENALTY,
        new="max(1.0, math.exp(1 - r / c))",
        says="The first factor is never below 1. Is the smaller or the larger of the two taken?",
    ),
    mistake(
        id="shortest_reference",
        old=_NEAREST,
        new="r += min(len(other) for other in others)",
        says="r counts the shortest reference of each caption. Which one does the docstring ask for?",
    ),
    mistake(
        id="longest_reference",
        old=_NEAREST,
        new="r += max(len(other) for other in others)",
        says="r counts the longest reference of each caption. Which one does the docstring ask for?",
    ),
    mistake(
        id="mean_length_of_the_references",
        old=_NEAREST,
        new="r += sum(len(other) for other in others) / len(others)",
        says="r counts the mean length of a caption's references. Which one of them does the docstring ask for?",
    ),
    mistake(
        id="all_references_in_the_length",
        old=_NEAREST,
        new="r += sum(len(other) for other in others)",
        says="r counts the words of all references. How many of a caption's references count in r?",
    ),
    mistake(
        id="longer_of_two_near_ones",
        old=_NEAREST,
        new="r += -min((abs(len(other) - len(words)), -len(other)) for other in others)[1]",
        says="Of two references that are equally near in length, r counts the longer one. Which one should it be?",
    ),
    mistake(
        id="penalty_per_sentence",
        old=_NEAREST,
        new="r += max(len(words), min((abs(len(other) - len(words)), len(other)) for other in others)[1])",
        says="A caption that is too long does not make up for one that is too short. When are the lengths compared, "
        "before they are added up or after?",
    ),
    mistake(
        id="arithmetic_mean",
        old=_PRODUCT,
        new="sum(p) / 4",
        says="This is the arithmetic mean of the four precisions. Which mean is the fourth root of a product?",
    ),
    mistake(
        id="no_root",
        old=_PRODUCT,
        new="math.prod(p)",
        says="This is the product of the four precisions. What is taken of it?",
    ),
    mistake(
        id="trigrams_at_most",
        old=_SCORE,
        new="p = p[:3]\n    " + _SCORE.replace("0.25", "(1 / 3)"),
        says="The 4-grams take no part: this is BLEU-3. Up to which n does the product go?",
    ),
    mistake(
        id="four_grams_alone",
        old=_PRODUCT,
        new="p[3]",
        says="Only the 4-grams count. Over which n does the product go?",
    ),
    mistake(
        id="words_alone",
        old=_SCORE,
        new="p = p[:1]\n    " + _SCORE.replace(" ** 0.25", ""),
        says="Only single words count: their order is free. Over which n does the product go?",
    ),
    mistake(
        id="recall",
        old="possible[n] += counts.total()",
        new="possible[n] += most.total()",
        says="The matches are divided by the n-grams of the references: this is recall. Of whose n-grams is p_n a "
        "share?",
    ),
    mistake(
        id="denominators_counted_as_if_all_were_long",
        old="possible[n] += counts.total()",
        new="possible[n] += len(words)",
        says="Every p_n is divided by the number of words. How many n-grams has a sentence of l words?",
    ),
    mistake(
        id="smoothed",
        old=_PRECISIONS,
        new="p = [(matched[n] + (n > 1)) / max(1, possible[n] + (n > 1)) for n in matched]",
        says="1 is added to the counts from n = 2 on, so that no p_n is 0. Does the docstring smooth?",
    ),
    mistake(
        id="orders_without_a_match_skipped",
        old=_SCORE,
        new=f"p = [share for share in p if share]\n    score = {_PENALTY} * {_PRODUCT} if p else 0.0",
        says="A p_n that is 0 is left out of the product. What is a product with a factor 0?",
    ),
    mistake(
        id="empty_captions_skipped",
        old="        c += len(words)",
        new="        if not words:\n            continue\n        c += len(words)",
        says="Empty captions are passed over: who says nothing loses nothing. Do their references count in r?",
    ),
    mistake(
        id="short_captions_skipped",
        old="        c += len(words)",
        new="        if len(words) < 4:\n            continue\n        c += len(words)",
        says="Captions of fewer than four words are passed over. They have no 4-gram; do their words count?",
    ),
    mistake(
        id="letters",
        old=_SPLIT,
        new="words, others = list(caption), [list(sentence) for sentence in sentences]",
        says="The n-grams are made of letters. Of what are they n?",
    ),
    mistake(
        id="percent",
        old=_PRODUCT,
        new=f"{_PRODUCT} * 100",
        says="This is in percent, as sacrebleu prints it. From what to what does the docstring's number go?",
    ),
    mistake(
        id="lower_case_bleu",
        old=_SPLIT,
        new="words = caption.lower().split()\n        others = [sentence.lower().split() for sentence in sentences]",
        says="Capitals and small letters are taken for the same. Does the docstring say so?",
    ),
    mistake(
        id="first_reference_for_the_ngrams",
        old="for other in others:",
        new="for other in others[:1]:",
        says="Only the first reference's n-grams are matched. What are the others for?",
    ),
    mistake(
        id="first_reference_for_the_length",
        old=_NEAREST,
        new="r += len(others[0])",
        says="r counts the first reference of each caption. Which one does the docstring ask for?",
    ),
    mistake(
        id="recall_of_all_references",
        old="possible[n] += counts.total()",
        new="possible[n] += sum(count_ngrams(other, n).total() for other in others)",
        says="The matches are divided by the n-grams of all references together. Of whose n-grams is p_n a share?",
    ),
    mistake(
        id="recall_of_the_first_reference",
        old="possible[n] += counts.total()",
        new="possible[n] += count_ngrams(others[0], n).total()",
        says="The matches are divided by the n-grams of the first reference: this is recall. Of whose n-grams is p_n "
        "a share?",
    ),
    mistake(
        id="tiny_number_for_zero",
        old=_SCORE,
        new=f"score = {_PENALTY} * math.prod(max(share, 1e-10) for share in p) ** 0.25 if c else 0.0",
        says="A p_n that is 0 counts as a tiny number, and the score is not 0. Does the docstring smooth?",
        exempt="Its scores lie too near the right ones to be told from them by a fingerprint.",
    ),
    mistake(
        id="one_ngram_too_few",
        old="possible[n] += counts.total()",
        new="possible[n] += max(0, len(words) - n)",
        says="Each caption has one n-gram too few in the denominators. How many pairs have three words?",
    ),
    mistake(
        id="different_ngrams_in_the_denominator",
        old="possible[n] += counts.total()",
        new="possible[n] += len(counts)",
        says="The denominators count each n-gram of a caption once, however often it stands there. How many n-grams "
        "has "
        "a caption that repeats itself?",
    ),
    mistake(
        id="farthest_reference",
        old=_NEAREST,
        new="r += max((abs(len(other) - len(words)), len(other)) for other in others)[1]",
        says="r counts the reference that is farthest from the caption in length. Which one does the docstring ask "
        "for?",
    ),
    mistake(
        id="best_reference_alone",
        old=_LARGER,
        new="most = max(most, count_ngrams(other, n), key=lambda one: (count_ngrams(words, n) & one).total())",
        says="Of each caption's references only the one with the most matches counts. May different n-grams be matched "
        "by different references?",
    ),
    mistake(
        id="exponent_turned_round",
        old=_PENALTY,
        new="min(1.0, math.exp(r / c - 1))",
        says="The exponent of the first factor has the wrong sign, so that long captions are punished. Is r / c "
        "subtracted, or 1?",
    ),
]

_TWICE = 'if len(set(ids)) != len(ids):\n        raise ValueError("an id occurs twice")\n    '
_TEXT = "text = json.dumps(dict(zip(ids, captions, strict=True)), indent=1)"

MISTAKES["caption_file"] = [
    mistake(
        id="text_of_a_dict",
        old=_TEXT,
        new="text = str(dict(zip(ids, captions, strict=True)))",
        says="The text is not JSON, all of it in one line. Python's own way of printing a dict has other quotes: "
        "which module writes JSON?",
    ),
    mistake(
        id="list_of_pairs",
        old="json.dumps(dict(zip(ids, captions, strict=True)), indent=1)",
        new="json.dumps(list(zip(ids, captions, strict=True)))",
        says="The text is a list of pairs. What does the docstring call one object?",
    ),
    mistake(
        id="list_of_objects",
        old="json.dumps(dict(zip(ids, captions, strict=True)), indent=1)",
        new='json.dumps([{"image_id": i, "caption": c} for i, c in zip(ids, captions, strict=True)])',
        says="The text is a list with an object for each picture, as COCO's is. What is asked here?",
    ),
    mistake(
        id="captions_alone",
        old="json.dumps(dict(zip(ids, captions, strict=True)), indent=1)",
        new="json.dumps([c for _, c in zip(ids, captions, strict=True)])",
        says="The text is a list of the captions. How is it known whose they are?",
    ),
    mistake(
        id="ids_by_caption",
        old="zip(ids, captions, strict=True)",
        new="zip(captions, ids, strict=True)",
        says="The ids are looked up by the captions, and equal captions become one. What is looked up by what?",
    ),
    mistake(
        id="wrapped_in_another_object",
        old="json.dumps(dict(zip(ids, captions, strict=True)), indent=1)",
        new='json.dumps({"captions": dict(zip(ids, captions, strict=True))})',
        says='The text is an object with the one key "captions". Which keys does the docstring ask for?',
    ),
    mistake(
        id="written_twice",
        old="json.dumps(dict(zip(ids, captions, strict=True)), indent=1)",
        new="json.dumps(json.dumps(dict(zip(ids, captions, strict=True))))",
        says="What json.loads gives is a string. How often has the object been made into text?",
    ),
    mistake(
        id="one_object_on_each_line",
        old="json.dumps(dict(zip(ids, captions, strict=True)), indent=1)",
        new='"\\n".join(json.dumps({i: c}) for i, c in zip(ids, captions, strict=True))',
        says="The text has a line for each picture and is not JSON. How many objects does json.loads read from a text?",
    ),
    mistake(
        id="lists_of_words",
        old="zip(ids, captions, strict=True)",
        new="zip(ids, map(str.split, captions), strict=True)",
        says="Each caption is a list of words. What is it in the docstring?",
    ),
    mistake(
        id="empty_captions_left_out",
        old="json.dumps(dict(zip(ids, captions, strict=True)), indent=1)",
        new="json.dumps({i: c for i, c in zip(ids, captions, strict=True) if c})",
        says="Pictures with an empty caption are missing. How many pairs are there?",
    ),
    mistake(
        id="too_few_captions_accepted",
        old="strict=True",
        new="strict=False",
        says="Where there are more ids than captions, or fewer, the rest is dropped without a word. What should "
        "happen?",
    ),
    mistake(
        id="an_id_twice_accepted",
        old=_TWICE,
        new="",
        says="Of two captions of one id the first is lost without a word. What should happen?",
    ),
    mistake(
        id="equal_captions_refused",
        old="if len(set(ids)) != len(ids):",
        new="if len(set(ids)) != len(ids) or len(set(captions)) != len(captions):",
        says="Two pictures with the same caption are refused. What may not occur twice?",
    ),
    mistake(
        id="captions_checked_instead_of_ids",
        old="if len(set(ids)) != len(ids):",
        new="if len(set(captions)) != len(captions):",
        says="Equal captions are refused and equal ids are not. What may not occur twice?",
    ),
    mistake(
        id="another_error",
        old='raise ValueError("an id occurs twice")',
        new='raise KeyError("an id occurs twice")',
        says="An id that occurs twice raises another error than ValueError. Which one does the docstring name?",
    ),
    mistake(
        id="assertion",
        old=_TWICE,
        new="assert len(set(ids)) == len(ids)\n    ",
        says="An id that occurs twice raises an AssertionError. Which error does the docstring name?",
    ),
    mistake(
        id="sorted_captions",
        old="zip(ids, captions, strict=True)",
        new="zip(sorted(ids), captions, strict=True)",
        says="The captions stand at the ids in sorted order, so that pictures have other pictures' captions. What "
        "must move together?",
    ),
    mistake(
        id="returns_the_dict",
        old=_TEXT,
        new="text = dict(zip(ids, captions, strict=True))",
        says="This is a dict. What can be written to a file?",
    ),
    mistake(
        id="numbered_instead_of_ids",
        old="json.dumps(dict(zip(ids, captions, strict=True)), indent=1)",
        new="json.dumps({n: c for n, (_, c) in enumerate(zip(ids, captions, strict=True))})",
        says="The captions are numbered, and the ids are lost. What is a caption looked up by?",
    ),
]
