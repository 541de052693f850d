using System.Text;
using System.Text.Json;
using Flip.Io;

namespace Flip.Tokenizers;

/// <summary>
/// Tokens and merges of CLIP's byte-pair encoding. Bytes are written as printable characters (GPT-2's table), and a token
/// that ends a word carries <c>&lt;/w&gt;</c>.
/// </summary>
internal sealed class BpeVocabulary
{
    public const string EndOfWord = "</w>";
    public const string MergesFile = "merges.txt";
    public const string TokensFile = "vocab.json";

    /// <summary>CLIP's vocabulary has 49 408 tokens: 2 × 256 bytes, these merges and 2 markers. Its file holds more merges.</summary>
    private const int MaxMerges = 49152 - 256 - 2;

    /// <summary>UTF-16 units of a merge in a list: two tokens and a blank.</summary>
    private const int LongestMerge = (2 * TokenizerLimits.TokenLength) + 1;

    private static readonly char[] ByteCharacters = MakeByteCharacters();

    private readonly Dictionary<(int Left, int Right), (int Rank, int Id)> _ranks;
    private readonly Dictionary<char, byte> _bytes;
    private readonly int[] _byteIds = new int[256];
    private readonly int[] _lastByteIds = new int[256];

    private readonly string _path;

    private BpeVocabulary(string path, (string Left, string Right)[] merges, Dictionary<string, int> ids)
    {
        int Id(string token) => ids.TryGetValue(token, out var id) ? id : throw new VocabularyException(path, $"no token '{TokenizerPart.Short(token)}'");

        _path = path;
        Merges = merges;
        Tokens = ByPlace(path, ids);
        StartId = Id(ClipText.StartOfText);
        EndId = Id(ClipText.EndOfText);
        for (var value = 0; value < 256; value++)
        {
            _byteIds[value] = Id(ByteCharacters[value].ToString());
            _lastByteIds[value] = Id(ByteCharacters[value] + EndOfWord);
        }

        _bytes = Enumerable.Range(0, 256).ToDictionary(value => ByteCharacters[value], value => (byte)value);
        _ranks = new Dictionary<(int, int), (int, int)>(merges.Length);
        for (var rank = 0; rank < merges.Length; rank++)
        {
            var (left, right) = merges[rank];
            _ranks.TryAdd((Id(left), Id(right)), (rank, Id(left + right)));
        }
    }

    /// <summary>Token of each id.</summary>
    public IReadOnlyList<string> Tokens { get; }

    /// <summary>Which neighbors become one token, the first ones first.</summary>
    public IReadOnlyList<(string Left, string Right)> Merges { get; }

    public int StartId { get; }

    public int EndId { get; }

    /// <summary>
    /// Reads OpenAI's file (gzip or plain), a <c>merges.txt</c>, a <c>vocab.json</c> with its <c>merges.txt</c>, or a folder with these.
    /// </summary>
    /// <exception cref="VocabularyException">A file is missing or damaged.</exception>
    public static BpeVocabulary Load(string path)
    {
        try
        {
            var folder = Directory.Exists(path) ? path : Path.GetDirectoryName(Path.GetFullPath(path))!;
            var mergesPath = Directory.Exists(path) || Path.GetFileName(path) == TokensFile ? Path.Combine(folder, MergesFile) : path;
            var merges = ReadMerges(mergesPath);
            var tokensPath = Path.Combine(folder, TokensFile);
            return Path.GetFileName(mergesPath) == MergesFile && File.Exists(tokensPath)
                ? new BpeVocabulary(tokensPath, merges, ReadTokens(tokensPath))
                : new BpeVocabulary(mergesPath, merges, DeriveTokens(merges));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or InvalidDataException or JsonException)
        {
            throw new VocabularyException(path, $"cannot be read as CLIP's byte-pair encoding ({TokenizerInput.Reason(e)})", e);
        }
    }

    /// <summary>A vocabulary of which all is known.</summary>
    /// <param name="path">The file it comes from, for errors.</param>
    /// <param name="merges">The merges by rank.</param>
    /// <param name="ids">The id of each token.</param>
    /// <exception cref="VocabularyException">A byte, a marker or a merge's token has no id, or the ids are not 0, 1, 2 ...</exception>
    public static BpeVocabulary Create(string path, (string Left, string Right)[] merges, Dictionary<string, int> ids) => new(path, merges, ids);

    /// <summary>The id of each token.</summary>
    public Dictionary<string, int> Ids() => Tokens.Select((token, id) => (token, id)).ToDictionary(pair => pair.token, pair => pair.id, StringComparer.Ordinal);

    /// <summary>The same merges with more tokens.</summary>
    public BpeVocabulary With(Dictionary<string, int> ids) => new(_path, [.. Merges], ids);

    /// <summary>Tokens in the order of their ids.</summary>
    /// <exception cref="VocabularyException">An id is missing, there twice, or negative.</exception>
    public static string[] ByPlace(string path, Dictionary<string, int> ids)
    {
        var tokens = new string[ids.Count];
        foreach (var (token, id) in ids)
        {
            if (id < 0 || id >= tokens.Length || tokens[id] is not null)
            {
                throw new VocabularyException(path, $"the ids are not 0 to {tokens.Length - 1}, each once: token '{TokenizerPart.Short(token)}' has {id}");
            }

            tokens[id] = token;
        }

        return tokens;
    }

    /// <summary>Writes <c>vocab.json</c> and <c>merges.txt</c>.</summary>
    public void Save(string folder)
    {
        AtomicFile.WriteText(
            Path.Combine(folder, MergesFile),
            "#version: 0.2\n" + string.Concat(Merges.Select(merge => $"{merge.Left} {merge.Right}\n")));
        AtomicFile.WriteText(Path.Combine(folder, TokensFile), JsonSerializer.Serialize(Ids(), TokenizerFile.Readable));
    }

    /// <summary>The tokens of the bytes of a word before any merge.</summary>
    public int[] Bytes(ReadOnlySpan<char> word)
    {
        var bytes = new byte[Encoding.UTF8.GetByteCount(word)];
        Encoding.UTF8.GetBytes(word, bytes);
        var ids = Array.ConvertAll(bytes, value => _byteIds[value]);
        ids[^1] = _lastByteIds[bytes[^1]];
        return ids;
    }

    /// <summary>The merge of two neighbors: its rank (the lowest is applied first) and the token that comes of it.</summary>
    public bool TryMerge(int left, int right, out (int Rank, int Id) merge) => _ranks.TryGetValue((left, right), out merge);

    /// <summary>The bytes that a token stands for, with a blank for the end of a word.</summary>
    public IEnumerable<byte> BytesOf(string token)
    {
        foreach (var c in token.Replace(EndOfWord, " ", StringComparison.Ordinal))
        {
            yield return c == ' ' ? (byte)' ' : _bytes.GetValueOrDefault(c, (byte)'?');
        }
    }

    private static (string Left, string Right)[] ReadMerges(string path)
    {
        var merges = new List<(string, string)>();
        foreach (var (index, text) in TokenizerInput.ReadLines(path, LongestMerge).Index())
        {
            if ((index > 0 || !text.Contains("#version", StringComparison.Ordinal)) && text.Length > 0)
            {
                merges.Add(text.Split(' ') is [{ Length: > 0 } left, { Length: > 0 } right]
                    ? (left, right)
                    : throw new VocabularyException(path, $"line {index + 1} is no merge: two tokens with a blank between are expected"));
            }

            if (merges.Count == MaxMerges)
            {
                break;
            }
        }

        return [.. merges];
    }

    private static Dictionary<string, int> ReadTokens(string path)
    {
        using var document = TokenizerInput.ReadJson(path, allowDuplicates: true);
        return new TokenizerPart(path, string.Empty, document.RootElement).Ids();
    }

    /// <summary>CLIP's order: bytes (printable ones first), bytes that end a word, merges, markers.</summary>
    private static Dictionary<string, int> DeriveTokens((string Left, string Right)[] merges)
    {
        var bytes = ByteCharacters.Order().Select(c => c.ToString()).ToList();
        var ids = new Dictionary<string, int>();
        foreach (var token in bytes.Concat(bytes.Select(c => c + EndOfWord)).Concat(merges.Select(merge => merge.Left + merge.Right))
            .Append(ClipText.StartOfText).Append(ClipText.EndOfText))
        {
            ids.TryAdd(token, ids.Count);
        }

        return ids;
    }

    /// <summary>GPT-2's table: printable Latin-1 stands for itself, the other bytes for U+0100 and up.</summary>
    private static char[] MakeByteCharacters()
    {
        var next = (char)256;
        return [.. Enumerable.Range(0, 256)
            .Select(value => value is (>= '!' and <= '~') or (>= '¡' and <= '¬') or >= '®' ? (char)value : next++)];
    }
}
