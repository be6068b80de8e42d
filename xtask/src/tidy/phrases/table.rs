//! The phrases to avoid.

/// A phrase, and what to write instead.
pub(super) struct Phrase {
    /// Words in lower case, with blanks between them. `a|b` is either word, `!a|b` is anything but these words.
    ///
    /// Where a phrase ends or begins in the middle of a line, the neighbour is `.` for a punctuation mark or for code,
    /// and a backquote for what stands between backquotes.
    pub(super) pattern: &'static str,
    pub(super) instead: &'static str,
}

pub(super) const PHRASES: &[Phrase] = &[
    Phrase { pattern: "need|needs|needed|needing hands", instead: "\"manual intervention required\"" },
    Phrase {
        pattern: "judge|judges|judged|judging|judgement|judgements|judgment",
        instead: "\"check\", \"validate\" or \"evaluate\"",
    },
    Phrase { pattern: "verdict|verdicts", instead: "\"result\" or \"decision\"" },
    Phrase { pattern: "believe|believes|believed|believing", instead: "\"trust\" or \"verify\"" },
    Phrase {
        pattern: "!.|`|plain words",
        instead: "\"arguments\" for a command line, \"message\" for what a program prints",
    },
    Phrase { pattern: "somebody else's", instead: "\"another user's\", \"foreign\" or \"third-party\"" },
    Phrase {
        pattern: "somebody|somebody's|everybody|everybody's|anybody's",
        instead: "the person or process that is meant, \"someone\", \"everyone\" or \"anyone\"",
    },
    // Not after a hyphen: `receive-from-anybody` is the id of a check.
    Phrase { pattern: "!. anybody", instead: "\"anyone\"" },
    Phrase { pattern: "does|do not know better", instead: "\"a sensible starting point\"" },
    Phrase {
        pattern: "of his|her|its|their|one's own making",
        instead: "\"forged\", \"made by\" or who made it",
    },
    Phrase {
        pattern: "he|him|his|himself|she|her|hers|herself",
        instead: "the person by role (\"the operator\"), \"they\", or \"it\" for a program",
    },
    Phrase { pattern: "whom|whomever|whoever", instead: "\"anyone who\", or name the person or program" },
    Phrase {
        pattern: "know|knows|known a body|bodies|request|event again",
        instead: "\"remembered for deduplication\"",
    },
    Phrase { pattern: "go|goes|going on although", instead: "\"ignore failures of\"" },
    Phrase {
        pattern: "finish|finishes|finished|finishing or undo|undoes|undone|undoing",
        instead: "\"complete or roll back\"",
    },
    Phrase { pattern: "which|that is|are|was|were none", instead: "\"invalid\" or \"missing\"" },
    Phrase { pattern: "is none of", instead: "\"is not one of\"" },
    Phrase {
        pattern: "is|are|was|were no name|names of|for",
        instead: "\"invalid name\" or \"is not the name of\"",
    },
    Phrase {
        pattern: "!there|here is|are|was|were no !longer|more|less|way|one|.|`|name|names|matter|such",
        instead: "\"is not a\", or \"invalid\"",
    },
    Phrase { pattern: "at work on", instead: "\"in progress\"" },
    Phrase {
        pattern: "prove|proves|proved|proven|proving itself|themselves",
        instead: "\"becomes healthy\" or \"is verified\"",
    },
    Phrase { pattern: "could|can|cannot be proven", instead: "\"could not verify that\"" },
    Phrase { pattern: "could|can not be proven", instead: "\"could not verify that\"" },
    Phrase { pattern: "take|takes|took linux", instead: "\"requires Linux … or later\"" },
    Phrase { pattern: "or newer", instead: "\"or later\"" },
    Phrase { pattern: "nothing of", instead: "\"no part of\", \"none of\" or \"nothing about\"" },
    Phrase { pattern: "reader|readers of yaml", instead: "\"YAML parser\"" },
    Phrase { pattern: "two|both readers", instead: "\"both parsers\"" },
    Phrase { pattern: "form|forms of kaudit", instead: "\"works only with\"" },
    Phrase { pattern: "that|this|the|of very name|names|same", instead: "\"exactly this name\"" },
    Phrase { pattern: "doubled|doubles", instead: "\"duplicated\" or \"duplicate\"" },
    Phrase { pattern: "nobody has|needs to", instead: "what the program does by itself" },
    Phrase { pattern: "as it is worth", instead: "what is compared with what" },
    Phrase {
        pattern: "stranger|strangers",
        instead: "\"unauthenticated client\", \"untrusted input\" or \"unknown\"",
    },
    Phrase { pattern: "twin|twins", instead: "\"duplicate static pod manifest\", or \"pair\"" },
    Phrase { pattern: "door|doors", instead: "\"interface\" or \"module\"" },
    Phrase { pattern: "room|rooms", instead: "\"module\", \"space\" or \"memory budget\"" },
    Phrase { pattern: "house|houses", instead: "\"project\"" },
    Phrase { pattern: "desk|desks", instead: "\"server state\"" },
    Phrase { pattern: "is|are|was|were|be away", instead: "\"unavailable\"" },
    Phrase { pattern: "hand|hands|handed|handing !.|`|! over", instead: "\"pass\" or \"transfer\"" },
    Phrase { pattern: "hand|hands|handed|handing over", instead: "\"pass\" or \"transfer\"" },
    Phrase { pattern: "what is|was asked", instead: "\"the request\" or \"the requested settings\"" },
    Phrase { pattern: "riddle|riddles", instead: "what is unclear" },
    Phrase { pattern: "mend|mends|mended|mending", instead: "\"fix\" or \"repair\"" },
];
