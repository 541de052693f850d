using System.Globalization;
using System.Text.Json;

namespace Flip.Tokenizers;

/// <summary>
/// What the files beside a vocabulary say of added tokens, as Hugging Face's fast tokenizers read them: the <c>added_tokens_decoder</c> of
/// <c>tokenizer_config.json</c>; where there is none, <c>added_tokens.json</c> and <c>special_tokens_map.json</c> of older versions. Flags of
/// the decoder come before those of <c>tokenizer.json</c>, an <c>added_tokens.json</c> after.
/// </summary>
internal sealed class DeclaredTokens
{
    public const string MarkersFile = "special_tokens_map.json";
    public const string Decoder = "added_tokens_decoder";

    private const string AddedFile = "added_tokens.json";
    private const int Unknown = -1;

    private static readonly string[] Roles = ["bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token"];

    /// <summary>Further markers, by their names in two generations of the library.</summary>
    private static readonly string[] FurtherMarkers = ["additional_special_tokens", "extra_special_tokens"];

    private readonly List<AddedToken> _listed = [];
    private readonly List<AddedToken> _further = [];
    private readonly Dictionary<string, AddedToken> _roles = [];
    private readonly bool _flagsWin;

    private DeclaredTokens(string folder)
    {
        var path = Path.Combine(folder, TokenizerDescription.FileName);
        var config = Open(path);
        ReadMarkers(config);
        if (config?.Find(Decoder) is { } decoder)
        {
            _flagsWin = true;
            foreach (var (id, token) in decoder.Entries())
            {
                _listed.Add(Token(token, int.TryParse(id, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
                    ? number
                    : throw new VocabularyException(path, $"{Decoder} has the id {TokenizerPart.Quoted(id)}, expected a number"), special: false));
            }

            return;
        }

        ReadMarkers(Open(Path.Combine(folder, MarkersFile)));
        var added = Path.Combine(folder, AddedFile);
        var markers = _roles.Values.Concat(_further).Select(marker => marker.Content).ToHashSet(StringComparer.Ordinal);
        foreach (var (text, id) in Open(added)?.Ids() ?? [])
        {
            var special = markers.Contains(text);
            _listed.Add(new AddedToken(text, id >= 0 ? id : throw new VocabularyException(added, $"the token '{TokenizerPart.Short(text)}' has the id {id}"))
            {
                Special = special,
                Normalized = !special,
            });
        }
    }

    /// <summary>The text of a marker such as <c>unk_token</c>; null where it is not named.</summary>
    public string? Role(string name) => _roles.GetValueOrDefault(name)?.Content;

    /// <summary>Reads the files of a folder; those that are missing say nothing.</summary>
    /// <exception cref="VocabularyException">A file is damaged.</exception>
    public static DeclaredTokens Read(string folder) => new(folder);

    /// <summary>A token as the files write it: a text, or an object with its flags.</summary>
    public static AddedToken Token(TokenizerPart token, int id, bool special)
    {
        if (token.IsText)
        {
            return new AddedToken(token.Text(), id) { Special = special, Normalized = !special };
        }

        bool Flag(string name, bool missing) => token.Find(name)?.Boolean() ?? missing;
        return new AddedToken(token.Part("content").Text(), id)
        {
            Special = special || Flag("special", false),
            Normalized = Flag("normalized", true),
            LeftStrip = Flag("lstrip", false),
            RightStrip = Flag("rstrip", false),
            SingleWord = Flag("single_word", false),
        };
    }

    /// <summary>All added tokens of a tokenizer.</summary>
    /// <param name="path">The vocabulary's file, for errors.</param>
    /// <param name="known">Those of its own file, or that its class has.</param>
    /// <param name="ids">The vocabulary; ids of tokens that it lacks are added to it.</param>
    /// <returns>Each token once, in the order of the ids.</returns>
    /// <exception cref="VocabularyException">A token has two ids, or the ids are not 0, 1, 2 ...</exception>
    public IReadOnlyList<AddedToken> Join(string path, IEnumerable<AddedToken> known, Dictionary<string, int> ids)
    {
        var all = new Dictionary<string, AddedToken>(StringComparer.Ordinal);
        foreach (var token in known)
        {
            all[token.Content] = token;
        }

        foreach (var token in _listed.Where(token => _flagsWin || !all.ContainsKey(token.Content)))
        {
            all[token.Content] = all.TryGetValue(token.Content, out var other) && other.Id != token.Id ? throw TwoIds(path, token.Content, other.Id, token.Id) : token;
        }

        foreach (var token in all.Values.Where(token => !ids.TryAdd(token.Content, token.Id) && ids[token.Content] != token.Id))
        {
            throw TwoIds(path, token.Content, ids[token.Content], token.Id);
        }

        // Without an id of its own a marker has that of the vocabulary. One that is no token at all no model knows, unless it is a further one.
        foreach (var token in _roles.Values.Where(token => ids.ContainsKey(token.Content)).Concat(_further))
        {
            if (token.Content.Length > 0 && !all.ContainsKey(token.Content))
            {
                ids.TryAdd(token.Content, ids.Count);
                all[token.Content] = token with { Id = ids[token.Content] };
            }
        }

        BpeVocabulary.ByPlace(path, ids); // no gap, and no two tokens of one id
        RequireLimits(path, [.. all.Values]);
        return [.. all.Values.Where(token => token.Content.Length > 0).OrderBy(token => token.Id)];
    }

    private static void RequireLimits(string path, AddedToken[] tokens)
    {
        if (tokens.Length > TokenizerLimits.AddedTokens)
        {
            throw new VocabularyException(path, $"has {tokens.Length} added tokens, the most that are read are {TokenizerLimits.AddedTokens}");
        }

        if (tokens.MaxBy(token => token.Content.Length) is { Content.Length: > TokenizerLimits.AddedTokenLength } longest)
        {
            throw new VocabularyException(
                path,
                $"the added token {TokenizerPart.Quoted(longest.Content)} has {longest.Content.Length} characters, the most that are read are {TokenizerLimits.AddedTokenLength}");
        }

        if (tokens.Sum(token => token.Content.Length) is > TokenizerLimits.AddedLength and var length)
        {
            throw new VocabularyException(path, $"the added tokens have {length} characters, the most that are read are {TokenizerLimits.AddedLength}");
        }
    }

    private static VocabularyException TwoIds(string path, string token, int one, int other) => new(path, $"the token '{TokenizerPart.Short(token)}' has two ids: {one} and {other}");

    private void ReadMarkers(TokenizerPart? file)
    {
        foreach (var role in Roles)
        {
            if (file?.Find(role) is { } token)
            {
                _roles[role] = Token(token, Unknown, special: true);
            }
        }

        foreach (var name in FurtherMarkers)
        {
            if (file?.Find(name) is { } tokens)
            {
                _further.AddRange((tokens.IsList ? tokens.Items() : tokens.Entries().Select(entry => entry.Value)).Select(token => Token(token, Unknown, special: true)));
            }
        }
    }

    private static TokenizerPart? Open(string path)
    {
        try
        {
            if (!File.Exists(path))
            {
                return null;
            }

            using var document = TokenizerInput.ReadJson(path, allowDuplicates: true);
            return new TokenizerPart(path, string.Empty, document.RootElement.Clone());
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
        {
            throw new VocabularyException(path, $"no valid description of a tokenizer ({TokenizerInput.Reason(e)})", e);
        }
    }
}
