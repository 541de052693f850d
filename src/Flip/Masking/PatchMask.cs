using Flip.Config;
using Flip.Randomness;

namespace Flip.Masking;

/// <summary>
/// Chooses which patches of an image are kept (paper, section 3). The choice is a function of (seed, epoch, sample), so
/// it is the same whatever the batch, thread or restart.
/// </summary>
public static class PatchMask
{
    /// <summary>Chooses the kept patches of one image.</summary>
    /// <param name="kind">Way of choosing.</param>
    /// <param name="grid">Patches along a side.</param>
    /// <param name="idsKeep">Receives the kept indices, row-major in the grid; its length is how many.</param>
    /// <param name="random">The image's generator.</param>
    public static void Choose(ImageMaskKind kind, int grid, Span<long> idsKeep, ref CounterRandom random)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(idsKeep.Length, grid * grid);
        switch (kind)
        {
            case ImageMaskKind.Random:
                Shuffled(grid * grid, ref random).AsSpan(0, idsKeep.Length).CopyTo(idsKeep);
                break;
            case ImageMaskKind.Block:
                ChooseBlock(grid, idsKeep, ref random);
                break;
            default:
                ChooseGrid(grid, idsKeep, ref random);
                break;
        }
    }

    /// <summary>The kept patches of a whole batch.</summary>
    /// <returns><c>[batch, kept]</c>, row-major.</returns>
    public static long[] ChooseBatch(
        ImageMaskKind kind, int grid, int kept, ulong seed, ReadOnlySpan<int> epochs, ReadOnlySpan<long> samples)
    {
        var ids = new long[samples.Length * kept];
        for (var i = 0; i < samples.Length; i++)
        {
            var random = new CounterRandom(seed, RandomPurpose.ImageMask, epochs[i], samples[i]);
            Choose(kind, grid, ids.AsSpan(i * kept, kept), ref random);
        }

        return ids;
    }

    /// <summary>
    /// The views of an ensemble (paper, section 4.1): a random order of all patches cut into views that together cover every patch.
    /// Where the last view would be short, it is filled from the front of the order.
    /// </summary>
    /// <returns><c>[views][kept]</c></returns>
    public static long[][] ComplementaryViews(int patches, int kept, ref CounterRandom random)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(kept, 1);
        var order = Shuffled(patches, ref random);
        return [.. Enumerable.Range(0, (patches + kept - 1) / kept)
            .Select(view => Enumerable.Range(view * kept, kept).Select(i => order[i % patches]).ToArray())];
    }

    /// <summary>The order kept, removed: the removed patches follow in ascending order, <c>[patches]</c>.</summary>
    public static long[] WithRemoved(ReadOnlySpan<long> idsKeep, int patches)
    {
        var order = new long[patches];
        var kept = new bool[patches];
        idsKeep.CopyTo(order);
        foreach (var id in idsKeep)
        {
            kept[id] = true;
        }

        var next = idsKeep.Length;
        for (var id = 0; id < patches; id++)
        {
            if (!kept[id])
            {
                order[next++] = id;
            }
        }

        return order;
    }

    /// <summary>The inverse of an order: where each patch went.</summary>
    public static long[] Restore(ReadOnlySpan<long> order)
    {
        var restore = new long[order.Length];
        for (var i = 0; i < order.Length; i++)
        {
            restore[order[i]] = i;
        }

        return restore;
    }

    /// <summary>A uniform order of 0 .. count-1: random bits above, the index below, sorted.</summary>
    private static long[] Shuffled(int count, ref CounterRandom random)
    {
        var keys = new ulong[count];
        for (var i = 0; i < count; i++)
        {
            keys[i] = ((ulong)random.NextUInt32() << 32) | (uint)i;
        }

        Array.Sort(keys);
        return Array.ConvertAll(keys, key => (long)(uint)key);
    }

    /// <summary>The smallest nearly square block that holds the count, at a uniform place; its last row may be cut short.</summary>
    private static void ChooseBlock(int grid, Span<long> idsKeep, ref CounterRandom random)
    {
        if (idsKeep.Length == 0)
        {
            return;
        }

        var width = Math.Min(grid, (int)Math.Ceiling(Math.Sqrt(idsKeep.Length)));
        var height = (idsKeep.Length + width - 1) / width;
        var left = random.NextInt(grid - width + 1);
        var top = random.NextInt(grid - height + 1);
        for (var i = 0; i < idsKeep.Length; i++)
        {
            idsKeep[i] = ((top + (i / width)) * grid) + left + (i % width);
        }
    }

    /// <summary>
    /// Walks the grid in 2×2 cells and cuts the walk into as many nearly equal runs as patches are kept; one of each run is
    /// kept. At 75 % a run is exactly a cell: CLIPA's grid mask. Other ratios stay as even.
    /// </summary>
    private static void ChooseGrid(int grid, Span<long> idsKeep, ref CounterRandom random)
    {
        var walk = new List<long>(grid * grid);
        for (var row = 0; row < grid; row += 2)
        {
            for (var column = 0; column < grid; column += 2)
            {
                for (var cell = 0; cell < 4; cell++)
                {
                    var (r, c) = (row + (cell / 2), column + (cell % 2));
                    if (r < grid && c < grid)
                    {
                        walk.Add((r * grid) + c);
                    }
                }
            }
        }

        for (var i = 0; i < idsKeep.Length; i++)
        {
            var from = (int)((long)i * walk.Count / idsKeep.Length);
            var to = (int)((i + 1L) * walk.Count / idsKeep.Length);
            idsKeep[i] = walk[from + random.NextInt(to - from)];
        }
    }
}
