using System.Runtime.InteropServices;

namespace Flip.Data.Formats;

/// <summary>
/// Gathers the members of a shard into samples by their key. Members of a sample need not be neighbours: tars packed as
/// <c>*.jpg *.txt</c> are common.
/// </summary>
internal sealed class SampleGrouping(string path)
{
    private readonly Dictionary<string, int> _positions = [];
    private readonly List<SampleEntry> _samples = [];
    private readonly List<ShardDamage> _damage = [];
    private int _duplicates;
    private string _firstDuplicate = "";

    /// <summary>Adds a member; names that are no part of a sample are passed over.</summary>
    public void Add(string name, long offset, long length)
    {
        if (!WebDatasetName.TrySplit(name, out var key, out var kind) || kind == MemberKind.Other)
        {
            return;
        }

        if (!_positions.TryGetValue(key, out var position))
        {
            position = _samples.Count;
            _positions.Add(key, position);
            _samples.Add(default);
        }

        // A length beyond int is beyond every limit, which is told when the member is read.
        var member = new TarMember(checked((uint)(offset / TarMember.BlockSize)), (int)Math.Min(length, int.MaxValue));
        ref var sample = ref CollectionsMarshal.AsSpan(_samples)[position];
        var present = kind switch
        {
            MemberKind.Image => sample.Image,
            MemberKind.Text => sample.Text,
            MemberKind.Json => sample.Json,
            _ => sample.Class,
        };
        if (present.IsPresent)
        {
            _firstDuplicate = _duplicates++ == 0 ? name : _firstDuplicate;
            return;
        }

        sample = kind switch
        {
            MemberKind.Image => sample with { Image = member },
            MemberKind.Text => sample with { Text = member },
            MemberKind.Json => sample with { Json = member },
            _ => sample with { Class = member },
        };
    }

    /// <summary>Notes damage; the message continues "The shard '...'".</summary>
    public void Note(string cause, string message) => _damage.Add(new ShardDamage(path, cause, $"The shard '{path}' {message}."));

    /// <summary>The index of what was added.</summary>
    public ShardIndex ToIndex()
    {
        if (_duplicates > 0)
        {
            Note(
                "duplicate member",
                $"has {_duplicates} member(s) twice, the first of each is used: '{ShardReader.Printable(_firstDuplicate)}'");
        }

        var samples = _samples.Where(sample => sample.Image.IsPresent).ToArray();
        if (samples.Length < _samples.Count)
        {
            var orphan = _positions.MinBy(pair => _samples[pair.Value].Image.IsPresent ? int.MaxValue : pair.Value).Key;
            Note("no image", $"has {_samples.Count - samples.Length} key(s) without an image, such as '{ShardReader.Printable(orphan)}'");
        }

        if (samples.Length == 0 && _damage.Count == 0)
        {
            Note("empty shard", "has no samples");
        }

        return new ShardIndex(path, samples, _damage);
    }
}
