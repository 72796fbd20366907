import java.io.ByteArrayInputStream;
import java.io.StringReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import javax.xml.parsers.DocumentBuilderFactory;
import org.mustangproject.validator.ZUGFeRDValidator;
import org.verapdf.gf.foundry.VeraGreenfieldFoundryProvider;
import org.verapdf.pdfa.Foundries;
import org.verapdf.pdfa.flavours.PDFAFlavour;
import org.verapdf.pdfa.results.TestAssertion;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;
import org.xml.sax.InputSource;

/** Prints for each PDF of a folder and each judge: file, judge, and the findings, parted by tabs. */
public final class Papers {
    public static void main(String[] arguments) throws Exception {
        VeraGreenfieldFoundryProvider.initialise();
        for (Path file : pdfs(Path.of(arguments[0]))) {
            byte[] content = Files.readAllBytes(file);
            print(file, "veraPDF PDF/A-3a", veraPdf(content, PDFAFlavour.PDFA_3_A));
            print(file, "veraPDF PDF/UA-1", veraPdf(content, PDFAFlavour.PDFUA_1));
            if (file.toString().endsWith(".factur-x.pdf")) {
                print(file, "Mustang", mustang(content, file.getFileName().toString()));
            }
        }
    }

    private static List<Path> pdfs(Path folder) throws Exception {
        try (Stream<Path> all = Files.list(folder)) {
            return all.filter(each -> each.toString().endsWith(".pdf")).sorted().toList();
        }
    }

    private static Set<String> veraPdf(byte[] content, PDFAFlavour flavour) throws Exception {
        var foundry = Foundries.defaultInstance();
        var findings = new LinkedHashSet<String>();
        try (var parser = foundry.createParser(new ByteArrayInputStream(content), flavour);
                var validator = foundry.createValidator(flavour, 20, false, true, false)) {
            for (TestAssertion each : validator.validate(parser).getTestAssertions()) {
                if (each.getStatus() == TestAssertion.Status.FAILED) {
                    var rule = each.getRuleId();
                    findings.add(rule.getClause() + "-" + rule.getTestNumber() + ": " + each.getMessage());
                }
            }
        }
        return findings;
    }

    /** Mustang looks at the PDF, at the XML inside, and whether one goes with the other. */
    private static List<String> mustang(byte[] content, String name) throws Exception {
        var report = new ZUGFeRDValidator().validate(content, name);
        var root = DocumentBuilderFactory.newInstance().newDocumentBuilder().parse(new InputSource(new StringReader(report)));
        var findings = new ArrayList<String>();
        for (String kind : new String[] {"exception", "error"}) {
            NodeList found = root.getElementsByTagName(kind);
            for (int at = 0; at < found.getLength(); at++) {
                findings.add(((Element) found.item(at)).getAttribute("type") + " " + found.item(at).getTextContent().trim());
            }
        }
        NodeList summaries = ((Element) root.getDocumentElement()).getElementsByTagName("summary");
        var whole = (Element) summaries.item(summaries.getLength() - 1);
        if (findings.isEmpty() && !"valid".equals(whole.getAttribute("status"))) {
            findings.add("not valid, without a word why");
        }
        return findings;
    }

    private static void print(Path file, String judge, Iterable<String> findings) {
        var line = new StringBuilder(file.getFileName() + "\t" + judge);
        for (String each : findings) {
            line.append('\t').append(each.replaceAll("\\s+", " "));
        }
        System.out.println(line);
    }
}
