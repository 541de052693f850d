namespace Flip.Evaluation.Answering;

/// <summary>
/// The kind of a question by its first words, as VQA's <c>question_type</c> has it: the longest of the beginnings that VQA lists, or <see cref="Other"/>. A
/// listed beginning ends where a word ends.
/// </summary>
public static class QuestionKinds
{
    /// <summary>A question that begins in another way.</summary>
    public const string Other = "none of the above";

    private static readonly HashSet<string> Beginnings = Listed();

    private static readonly int MostWords = Beginnings.Max(beginning => beginning.Count(one => one == ' ') + 1);

    /// <summary>The kind of a question.</summary>
    public static string Of(string question)
    {
        ArgumentNullException.ThrowIfNull(question);
        var words = question.ToLowerInvariant().Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)
            .Select(word => word.TrimEnd('?', '.', ',', '!', ':', ';')).Take(MostWords).ToList();
        return Enumerable.Range(0, words.Count)
            .Select(fewer => string.Join(' ', words.Take(words.Count - fewer)))
            .FirstOrDefault(Beginnings.Contains, Other);
    }

    /// <summary>VQA's list: a first word, or two, with what may follow.</summary>
    private static HashSet<string> Listed()
    {
        var listed = new HashSet<string> { "has", "could", "was", "which", "how" };
        Add("is", ["", "he", "it", "that a", "the", "the man", "the person", "the woman", "there", "there a", "this", "this a", "this an", "this person"]);
        Add("are", ["", "the", "there", "there any", "these", "they"]);
        Add("do", ["", "you"]);
        Add("does", ["the", "this"]);
        Add("can", ["you"]);
        Add("how many", ["", "people are", "people are in"]);
        Add("what", ["", "animal is", "are", "are the", "brand", "does the", "kind of", "number is", "room is", "sport is", "time", "type of"]);
        Add("what color", ["", "are the", "is", "is the"]);
        Add("what is", ["", "in the", "on the", "the", "the color of the", "the man", "the name", "the person", "the woman", "this"]);
        Add("where", ["are the", "is the"]);
        Add("who", ["is"]);
        Add("why", ["", "is the"]);
        return listed;

        void Add(string first, string[] rest) => listed.UnionWith(rest.Select(words => words.Length == 0 ? first : $"{first} {words}"));
    }
}
