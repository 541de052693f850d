using System.Runtime.InteropServices;
using Flip.Data.Tar;

namespace Flip.Data.Shards;

/// <summary>
/// Gathers the members of a shard into samples by their key. Members of a sample need not be neighbours: tars packed as
/// <c>*.jpg *.txt</c> are common.
/// <para>Whether <c>a.b.jpg</c> is the field <c>b.jpg</c> of the sample <c>a</c>, or the image of a sample <c>a.b</c>, is known at the end: it is a
/// field where <c>a</c> has a member by a plain name, such as <c>a.jpg</c>.</para>
/// </summary>
internal sealed class SampleGrouping(string path)
{
    /// <summary>The cause of links that lead nowhere, or out of the archive.</summary>
    public const string LinkCause = "broken link";

    /// <summary>The cause of members that are no files: devices, and kinds that no program knows.</summary>
    public const string KindCause = "no file";

    private const string DuplicateCause = "duplicate member";
    private const string OrphanCause = "no image";
    private const string SparseCause = "sparse member";
    private const string OtherExtensions = "others";
    private const string LabelExtension = ".npy"; // read where a data set says that an image has several classes
    private const int MostUnused = 64;
    private const int LongestExtension = 40;

    private readonly Dictionary<string, int> _positions = new(StringComparer.Ordinal);
    private readonly List<SampleEntry> _samples = [];
    private readonly List<int> _places = []; // of each sample's first member
    private readonly List<(int Place, WebDatasetName Name, Member Member)> _dotted = [];
    private readonly List<ShardDamage> _damage = [];
    private readonly Dictionary<string, (long Count, string First)> _lost = new(StringComparer.Ordinal);
    private readonly Dictionary<string, long> _unused = new(StringComparer.OrdinalIgnoreCase);
    private readonly Dictionary<long, SparseMap> _sparse = [];

    /// <summary>Adds a file.</summary>
    /// <param name="place">Its number among the members, by which samples are ordered.</param>
    /// <param name="name">Its name.</param>
    /// <param name="file">Where its data are; for a link those of another member.</param>
    public void Add(int place, string name, TarEntry file)
    {
        var split = WebDatasetName.Of(name);
        if (split.IsHidden || (split.Kind, split.LastKind) == (MemberKind.Other, MemberKind.Other))
        {
            CountUnused(split);
        }
        else if (!file.IsReadable)
        {
            Lose(SparseCause, name);
        }
        else
        {
            // A length beyond int is beyond every limit, which is reported when the member is read.
            var member = new Member(file.DataOffset, (int)Math.Min(file.Length, int.MaxValue));
            if (file.Pieces is { } pieces)
            {
                _sparse[member.Offset] = pieces;
            }

            if (split.Kind == MemberKind.Other)
            {
                _dotted.Add((place, split, member));
            }
            else
            {
                Add(place, name[..split.FirstDot], split.Kind, member, name);
            }
        }
    }

    /// <summary>Counts a member that cannot be read, unless its name is of no use anyway.</summary>
    public void Lose(string cause, string name)
    {
        if (WebDatasetName.Of(name) is { IsHidden: false, LastKind: not MemberKind.Other })
        {
            Count(cause, name);
        }
    }

    /// <summary>Notes damage; the message continues "The shard '...'".</summary>
    public void Note(string cause, string message, long count = 1) =>
        _damage.Add(new ShardDamage(path, cause, message, count));

    /// <summary>The index of what was added, and the key of each sample.</summary>
    public (ShardIndex Index, string[] Keys) ToIndex()
    {
        AddDotted();
        var keys = new string[_samples.Count];
        foreach (var (key, position) in _positions)
        {
            keys[position] = key;
        }

        var all = Enumerable.Range(0, keys.Length).OrderBy(position => _places[position]).ToLookup(position => _samples[position].Image.IsPresent);
        foreach (var orphan in all[false])
        {
            Count(OrphanCause, keys[orphan]);
        }

        foreach (var (cause, (count, first)) in _lost)
        {
            Note(cause, Describe(cause, count, UnicodeName.Printable(first)), count);
        }

        int[] used = [.. all[true]];
        if (used.Length == 0 && _damage.Count == 0)
        {
            Note("empty shard", "has no samples");
        }

        return (
            new ShardIndex(path, SampleTable.Of(Array.ConvertAll(used, position => _samples[position]), TarHeader.BlockSize), _damage, _unused, _sparse),
            Array.ConvertAll(used, position => keys[position]));
    }

    private static string Describe(string cause, long count, string first) => cause switch
    {
        DuplicateCause => $"has {count} member(s) twice, the first of each is used: '{first}'",
        OrphanCause => $"has {count} key(s) without an image, such as '{first}'",
        LinkCause => $"has {count} link(s) that lead to no file in it, such as '{first}'",
        SparseCause => $"has {count} sparse member(s) whose pieces make no sense, such as '{first}'",
        _ => $"has {count} member(s) that are no files, such as '{first}'",
    };

    /// <summary>
    /// Adds the names with more dots, now that all plain ones are known. It makes keys with a dot, which are no plain name's, so that what is a field
    /// does not depend on the order.
    /// </summary>
    private void AddDotted()
    {
        foreach (var (place, name, member) in _dotted)
        {
            if (_positions.ContainsKey(name.Name[..name.FirstDot]))
            {
                CountUnused(name);
            }
            else
            {
                Add(place, name.Name[..name.LastDot], name.LastKind, member, name.Name);
            }
        }

        _dotted.Clear();
    }

    private void Add(int place, string key, MemberKind kind, Member member, string name)
    {
        if (!_positions.TryGetValue(key, out var position))
        {
            position = _samples.Count;
            _positions.Add(key, position);
            _samples.Add(default);
            _places.Add(place);
        }

        ref var sample = ref CollectionsMarshal.AsSpan(_samples)[position];
        if (sample.Of(kind).IsPresent)
        {
            Count(DuplicateCause, name);
            return;
        }

        sample = sample.With(kind, member);
        _places[position] = Math.Min(_places[position], place);
    }

    private void Count(string cause, string name)
    {
        var (count, first) = _lost.GetValueOrDefault(cause, (0, name));
        _lost[cause] = (count + 1, first);
    }

    /// <summary>Counts what nobody reads: by extension, macOS' copies of attributes as <c>._*</c>. Other hidden files are not worth a word.</summary>
    private void CountUnused(WebDatasetName name)
    {
        var extension = name.IsAttributes ? "._*" : name.FirstDot < 0 ? "" : name.Name[name.FirstDot..];
        if (name is { IsHidden: true, IsAttributes: false } || extension.Equals(LabelExtension, StringComparison.OrdinalIgnoreCase))
        {
            return;
        }

        extension = extension.Length > LongestExtension ? OtherExtensions : UnicodeName.Printable(extension).ToLowerInvariant();
        extension = _unused.Count < MostUnused || _unused.ContainsKey(extension) ? extension : OtherExtensions;
        _unused[extension] = _unused.GetValueOrDefault(extension) + 1;
    }
}
